"""Vision-language models behind one seam, :class:`slava.vlm.backbone.Backbone`.

Importing this package imports no torch; the backbones that need it import it when they load.
"""
