"""What sentences of reviews are about, as a reader labelled them: ids and labels, no text.

The sentences are those of the demo (``deploy/demo``: English reviews of cameras, players and phones of about
2003). ``support.theme_sample`` draws them by a fixed seed. Each was read on its own and labelled by the ids of
the shipped themes, without looking at what the matcher finds in it. The reader was one language model, not a
person, and had read the stems before. It read the first sample a second time, in another order and minutes
later, and labelled none otherwise; since it still had its first labels before it, that measures no agreement,
and nobody else has read the sentences. Sentences of both samples may be of one review.

The guide, written with the first reading. A sentence has each theme that somebody who reads it alone would say that it is about: several, or
none. Words do not matter, only what is meant.

delivery        sending and bringing what was ordered: when, whether and in which state it came
price           what something costs, or was lost or saved on it: dear, cheap, worth its price, cost of a repair
billing         being charged by a company, invoices, ways of paying
staff           people of a company, its service and support: what they do, know, and how they behave
wait            waiting for people of a company, or not getting through to them: busy lines, days without a reply
product         how the thing is, looks, works, breaks or is used, with what belongs to it: software, accessories,
                battery. Also of another make that it is compared with, and a word for how it is ("crap", "great
                phone"). Not that it was bought, liked, recommended or regretted without a word on how it is
website         a site or app of a company, or signing in there. Software that belongs to a product is the product
returns         giving back, exchange, money back, sending in under a warranty
communication   what a company tells and does not tell: its messages and replies, what was announced
"""

FIRST_SAMPLE: dict[str, str] = {
    "": (
        "1_20 5_8 20_5 28_1 33_9 60_11 76_3 76_15 82_7 85_2 91_4 92_2 106_10 115_16 116_32 128_2 138_1 "
        "140_4 155_7 169_2 205_6 227_28 236_11 239_9 242_40 242_41 245_26 254_27 272_19 275_3 278_11 "
        "280_18 280_22 280_39 281_11 305_1"
    ),
    "delivery": "92_3",
    "price": "2_6 5_9 75_2 78_8 82_5 148_4 230_10 267_41 272_4 278_8 284_8",
    "staff": "14_8 177_34 177_37 177_41 296_25 297_8",
    "wait": "42_3 50_9 138_8",
    "product": (
        "1_10 1_12 2_12 2_18 4_3 5_3 5_5 7_5 8_5 9_2 9_3 11_3 11_16 12_3 12_4 14_4 14_5 15_3 15_4 17_4 "
        "18_6 19_1 22_4 23_5 24_9 28_4 34_3 37_12 38_4 39_3 40_1 42_2 44_10 49_4 50_3 51_4 53_5 56_6 63_3 "
        "63_5 68_3 70_2 70_5 72_7 78_11 78_14 79_3 80_3 81_6 84_7 85_5 86_1 92_7 92_8 99_8 100_2 100_4 "
        "100_12 102_6 113_4 115_1 115_13 115_15 116_9 116_22 119_3 119_14 119_15 125_2 127_10 127_12 "
        "129_7 131_9 134_5 134_19 136_12 136_18 146_6 146_10 147_2 147_8 151_8 152_2 152_6 153_11 153_12 "
        "155_4 162_5 164_10 169_11 172_3 173_5 177_43 178_1 180_7 180_11 182_2 188_5 188_11 191_8 192_6 "
        "193_5 193_7 193_9 200_2 202_2 203_3 203_6 203_9 208_17 210_9 212_18 213_5 213_19 215_8 220_12 "
        "222_6 223_10 223_11 223_15 224_6 226_7 227_2 227_23 229_6 231_3 231_5 233_21 235_3 235_4 237_17 "
        "238_3 238_6 238_7 241_3 242_10 242_19 242_20 242_29 242_33 244_2 245_3 245_40 245_55 245_57 "
        "247_16 248_3 252_4 256_6 256_10 257_3 258_6 258_35 258_41 258_62 259_11 259_16 263_13 263_17 "
        "265_15 265_32 267_6 269_7 269_12 269_15 269_18 269_25 269_28 270_3 272_21 272_25 272_30 274_5 "
        "274_7 276_3 277_11 279_15 279_16 279_24 280_4 280_33 280_38 281_2 282_9 282_14 282_15 285_19 "
        "289_9 289_14 296_4 296_14 296_23 296_33 296_34 298_14 299_22 300_16 300_18 303_22 304_5 305_3 "
        "305_4 306_9 308_10 308_20 309_7"
    ),
    "returns": "62_5 67_11 76_7 88_6 138_14 278_6 284_5 297_12 308_28",
    "delivery staff": "138_6",
    "price product": "2_1 85_10 86_2 96_2 97_7 97_9 105_10 164_7 193_3 229_8 258_2",
    "billing returns": "308_16",
    "staff product": "148_1",
    "staff communication": "138_12",
    "wait returns": "1_5 9_4",
    "wait communication": "38_7 42_5",
    "product returns": "20_2 24_1 69_6 282_2 296_24 299_6",
    "product communication": "86_3",
    "delivery price returns": "43_4",
    "staff wait returns": "214_9",
}
"""By labels, the ids: 200 sentences of scores 0 to 6, and 100 of 7 to 10."""
SECOND_SAMPLE: dict[str, str] = {
    "": (
        "19_5 24_7 52_2 55_9 116_33 129_19 138_15 170_8 177_32 177_48 177_49 204_9 258_38 278_15 280_20 "
        "285_35 286_7"
    ),
    "price": "34_9 195_2 225_4 227_5 298_8",
    "staff": "50_1",
    "wait": "48_11 50_10 177_33",
    "product": (
        "12_1 12_2 21_3 40_6 43_2 48_8 48_10 50_4 50_5 51_3 57_4 62_3 62_4 65_2 67_2 75_7 78_16 84_8 "
        "111_5 118_6 119_6 131_2 132_7 134_6 141_1 154_4 158_10 183_10 192_8 193_22 200_1 203_10 203_18 "
        "210_1 214_6 217_11 233_14 233_19 236_9 247_8 247_13 252_5 257_12 258_43 259_12 264_8 267_36 "
        "269_8 272_11 272_42 275_8 276_12 279_25 280_21 280_24 292_17 296_9 296_41 296_49 297_6 299_4 "
        "301_11 308_22"
    ),
    "returns": "149_7 235_5",
    "price product": "115_2 206_3 258_70 259_4 265_29 267_5 283_1",
    "price returns": "254_20",
    "staff returns": "285_14",
}
"""The same of 67 and 33 others, read once, after the stems were changed for the last time."""
