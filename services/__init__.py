"""The five services; none imports another, they communicate by events.

trigger     accepts what may start a survey
dispatcher  decides who is asked, when and how, and sends
collector   collects the answers
scorer      counts the answers
alerts      puts each unhappy customer in front of people who can act
"""

SERVICES = ("trigger", "dispatcher", "collector", "scorer", "alerts")
