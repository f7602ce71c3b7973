"""Drawn faces: a dataset whose truth is known, for testing what a method learns and where it looks.

    generator = torch.Generator().manual_seed(0)
    drawn = draw_faces(2000, generator=generator)      # .faces is a FaceSet like any other
    drawn.intensities, drawn.action_units              # what each face shows
    drawn.identity, drawn.pose, drawn.marked           # who, how turned, whether with a sticker

    paint(studio(action_units={6: 1.0, 12: 0.8}))      # one face made to order
    nuisance_scenario(2000, 500, generator=generator)  # a sticker that tells the label in training only
    load_drawn(split="train")                          # the same for recipes: `data.name = "drawn"`
    draw_clips(100, generator=generator)               # an expression in a short part of each: `.part`
    draw_courses(100, generator=generator)             # landmarks in time that only their order tells
    draw_units(100, generator=generator)               # units that go together; some hidden: `.occluded`

A drawing shows what the FACS manual describes, as simple shapes; nothing measured on it says how a reader
does on people.
"""

from facsight.data.drawn.clips import DrawnClips, draw_clips, load_drawn_clips
from facsight.data.drawn.conditions import Conditions
from facsight.data.drawn.cooccurrence import Cooccurrence
from facsight.data.drawn.courses import COURSES, draw_courses, load_drawn_courses
from facsight.data.drawn.expressions import PROTOTYPES, Recipe
from facsight.data.drawn.faces import DrawnFaces, NuisanceScenario, draw_faces, nuisance_scenario
from facsight.data.drawn.loading import load_drawn, load_drawn_units
from facsight.data.drawn.nuisance import LEFT_FOREHEAD, LEFT_JAW, RIGHT_FOREHEAD, RIGHT_JAW, NuisanceMark
from facsight.data.drawn.persons import People, people
from facsight.data.drawn.portrait import as_bytes, paint
from facsight.data.drawn.scene import Scene, studio
from facsight.data.drawn.shape import landmarks
from facsight.data.drawn.template import ACTION_UNITS
from facsight.data.drawn.units import PAIRED, DrawnUnits, draw_units

__all__ = [
    "ACTION_UNITS",
    "COURSES",
    "LEFT_FOREHEAD",
    "LEFT_JAW",
    "PAIRED",
    "PROTOTYPES",
    "RIGHT_FOREHEAD",
    "RIGHT_JAW",
    "Conditions",
    "Cooccurrence",
    "DrawnClips",
    "DrawnFaces",
    "DrawnUnits",
    "NuisanceMark",
    "NuisanceScenario",
    "People",
    "Recipe",
    "Scene",
    "as_bytes",
    "draw_clips",
    "draw_courses",
    "draw_faces",
    "draw_units",
    "landmarks",
    "load_drawn",
    "load_drawn_clips",
    "load_drawn_courses",
    "load_drawn_units",
    "nuisance_scenario",
    "paint",
    "people",
    "studio",
]
