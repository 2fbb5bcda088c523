"""The five services; none imports another, they speak through events.

trigger     takes in what may start a survey
dispatcher  decides who is asked, when and how, and sends
collector   takes the answer
scorer      keeps what the answers add up to
alerts      makes somebody act
"""
