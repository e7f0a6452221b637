"""One scene per category: what a specimen of that kind may look like.

A scene raises features out of a canvas and says what it has drawn. It must not know how the
picture is taken: noise, blur, charging and the databar belong to the optics.
"""

from collections.abc import Callable

from slava.synthetic.canvas import Canvas, Sketch
from slava.synthetic.scenes.bodies_on_ground import draw_particles
from slava.synthetic.scenes.devices import draw_devices
from slava.synthetic.scenes.films import draw_films
from slava.synthetic.scenes.heaps import draw_powder
from slava.synthetic.scenes.life import draw_biological
from slava.synthetic.scenes.patterns import draw_patterns
from slava.synthetic.scenes.sharp import draw_tips
from slava.synthetic.scenes.sponges import draw_sponge
from slava.synthetic.scenes.threads import draw_fibres
from slava.synthetic.scenes.wires import draw_nanowires

SCENES: dict[str, Callable[[Canvas], Sketch]] = {
    "biological": draw_biological,
    "fibres": draw_fibres,
    "films_and_coated_surfaces": draw_films,
    "mems_devices_and_electrodes": draw_devices,
    "nanowires": draw_nanowires,
    "particles": draw_particles,
    "patterned_surfaces": draw_patterns,
    "porous_sponge": draw_sponge,
    "powder": draw_powder,
    "tips": draw_tips,
}

__all__ = ["SCENES"]
