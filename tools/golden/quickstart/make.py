"""Writes templates/quickstart/data/bedtime.jsonl: bedtime stories of three sentences, each with the same farewell.

Every plot is told in two ways, and every animal lives through half of the plots; the sentences are the project's own.
They are short enough for a model of 260,032 weights, and alike enough for it to learn the manner within seconds: an
animal with its name, what happened, and "Good night". Uses the standard library only.

    python3 tools/golden/quickstart/make.py templates/quickstart/data/bedtime.jsonl
"""
import json
import random
import sys

# Name, pronouns: a name starts with its animal's letter.
ANIMALS = {
    "bear": ("Bruno", "he"), "bee": ("Bella", "she"), "bird": ("Bibi", "she"), "cat": ("Cleo", "she"),
    "cow": ("Clara", "she"), "dog": ("Duke", "he"), "duck": ("Daisy", "she"), "fox": ("Fern", "she"),
    "frog": ("Fred", "he"), "goat": ("Gus", "he"), "hen": ("Holly", "she"), "horse": ("Hugo", "he"),
    "lamb": ("Lily", "she"), "lion": ("Leo", "he"), "mole": ("Max", "he"), "monkey": ("Mimi", "she"),
    "mouse": ("Molly", "she"), "owl": ("Otto", "he"), "panda": ("Polly", "she"), "pig": ("Pip", "he"),
    "rabbit": ("Rosie", "she"), "snail": ("Sally", "she"), "squirrel": ("Sam", "he"), "turtle": ("Tom", "he"),
}

# What is asked for; then two tellings. {N} the name, {A} the animal with its article, {he} {his} {him} the pronouns.
PLOTS = [
    ("was lost", "{N} {A} was lost in the fog. An old owl called and showed {him} the way home.",
     "{N} {A} lost the way in the big wood. {He} saw a light far away, and it was home."),
    ("was hungry", "{N} {A} was very hungry. A friend gave {him} half of a warm cake.",
     "{N} {A} had no food all day. Then {he} found red berries and ate them all."),
    ("was afraid of the dark", "{N} {A} was afraid of the dark. The moon came out and said, \"I am here.\"",
     "{N} {A} did not like the dark. Mom put a little lamp by {his} bed."),
    ("wanted to fly", "{N} {A} wanted to fly. {He} jumped on a kite, and the wind took {him} up.",
     "{N} {A} looked at the clouds and wanted to fly. A big bird let {him} ride on its back."),
    ("found a key", "{N} {A} found a small gold key. It opened a box full of songs.",
     "{N} {A} found a key in the grass. {He} gave it back to the queen, and the queen was glad."),
    ("lost a hat", "{N} {A} lost {his} blue hat in the wind. A kind boy brought it back.",
     "The wind took the hat of {N} {A}. It hangs in a tree, and five eggs lie in it."),
    ("made a cake", "{N} {A} made a cake for Mom. It was flat, but Mom ate every bit.",
     "{N} {A} made a big cake with honey. All the friends came and shared it."),
    ("told a lie", "{N} {A} told a lie about a cup. Then {he} said sorry, and {he} felt light again.",
     "{N} {A} said, \"I did not do it.\" But it was not true, so {he} went back and said sorry."),
    ("helped a friend", "{N} {A} saw a friend stuck in the mud. {He} pulled and pulled until the friend was free.",
     "A friend of {N} {A} was sad. {He} sat with the friend all day and held on tight."),
    ("saw the sea", "{N} {A} saw the sea for the first time. The waves said hush, and {he} said hush too.",
     "{N} {A} walked all day to see the sea. It was as big as the sky."),
    ("could not sleep", "{N} {A} could not sleep. {He} counted the stars, and at ten {he} was asleep.",
     "{N} {A} was awake in bed. Dad sang a soft song about the rain."),
    ("planted a seed", "{N} {A} planted a tiny seed. {He} gave it water, and a yellow flower came up.",
     "{N} {A} put a seed in the ground and waited. In spring there was a tree to sit under."),
    ("met a giant", "{N} {A} met a giant on the hill. The giant was shy and only wanted to play.",
     "{N} {A} heard a giant cry. {He} gave the giant a flower, and the giant smiled."),
    ("broke a toy", "{N} {A} broke a red toy car. Dad and {he} fixed it with glue.",
     "{N} {A} broke the toy of a friend. {He} gave the friend {his} own ball."),
    ("found a baby bird", "{N} {A} found a baby bird on the ground. {He} put it back in the nest.",
     "A baby bird fell next to {N} {A}. {He} kept it warm until its mom came."),
    ("played in the rain", "{N} {A} played in the rain. {He} jumped in every puddle and came home wet.",
     "It rained, and {N} {A} danced. Mom had a warm towel at the door."),
    ("wanted a friend", "{N} {A} had no one to play with. {He} said hello to a shy crab, and now they are two.",
     "{N} {A} wanted a friend. {He} shared {his} apple, and a friend came."),
    ("climbed a hill", "{N} {A} climbed the high hill. From the top {he} saw {his} own little house.",
     "The hill was high, but {N} {A} did not stop. Step by step {he} came to the top."),
    ("had a bad dream", "{N} {A} had a bad dream about a wolf. {He} woke up, and Mom was there.",
     "{N} {A} had a bad dream. {He} told it to the moon, and it was gone."),
    ("learned to swim", "{N} {A} learned to swim in the pond. First {he} splashed, then {he} went like a boat.",
     "{N} {A} was afraid of the water. Day by day {he} went in, and now {he} can swim."),
    ("saw the snow", "{N} {A} saw snow for the first time. {He} ate a bit of it and laughed.",
     "Snow fell on the house of {N} {A}. {He} made a snowman with a funny nose."),
    ("gave a gift", "{N} {A} gave a shiny stone to Grandma. She put it next to her bed.",
     "{N} {A} had only one flower. {He} gave it to the sad queen, and she smiled."),
    ("found a boat", "{N} {A} found a small boat. {He} went down the river and waved at the fish.",
     "There was an old boat in the reeds. {N} {A} made it blue again and sailed it."),
    ("rang the bell", "{N} {A} rang the big bell by mistake. The whole town came, so they had a party.",
     "{N} {A} saw a fire and rang the bell. All came to help, and the town was safe."),
    ("lost a tooth", "{N} {A} lost a tooth in an apple. In the morning there was a coin under the bed.",
     "{N} {A} had a loose tooth. One big bite, and it was out."),
    ("was late", "{N} {A} was late for the party. {His} friends had kept a slice of cake for {him}.",
     "{N} {A} was late because {he} helped an old ant. The ant came to the party too."),
]

# What does not suit an animal.
NOT_FOR = {
    "wanted to fly": {"bee", "bird", "duck", "hen", "owl"},
    "learned to swim": {"duck", "frog", "turtle"},
    "lost a tooth": {"bee", "bird", "duck", "frog", "hen", "owl", "snail", "turtle"},
    "found a baby bird": {"bee", "bird"},
}

QUESTIONS = ["Tell me a story about a {a} who {plot}.", "A story about a {a} that {plot}, please.",
             "Do you know a story of a {a} who {plot}?"]


def fill(text, animal):
    name, he = ANIMALS[animal]
    his, him = ("his", "him") if he == "he" else ("her", "her")
    return text.format(N=name, A=f"the {animal}", a=animal, he=he, He=he.capitalize(), his=his, His=his.capitalize(),
                       him=him, plot="{plot}")


def rows():
    for i, animal in enumerate(ANIMALS):
        for j, (plot, first, second) in enumerate(PLOTS):
            if (i + j) % 2 != 0 or animal in NOT_FOR.get(plot, ()):
                continue
            question = QUESTIONS[(i + j // 2) % len(QUESTIONS)].format(a=animal, plot=plot)
            if animal == "owl":
                question = question.replace(" a owl", " an owl")
            telling = first if (i // 2 + j // 2) % 2 == 0 else second
            answer = f"{fill(telling, animal)} Good night, {ANIMALS[animal][0]}."
            yield {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def main():
    every = list(rows())
    random.Random(1).shuffle(every)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for row in every:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
