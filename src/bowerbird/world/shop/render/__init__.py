"""Quad meshes, a lens and lights in, a picture and who owns each pixel out: a small renderer in numpy."""
