"""Recordings on disk: segments of compressed frames, and the folder of them.

`blocks` turns arrays and texts into bytes, `plain` objects into JSON, `tables` the
process table into differences; `encoder` and `decoder` make payloads of moments.
`layout` defines the header of a frame, `segment` files of frames. `folder` names and
locks, `retention` removes; `writer` and `reader` are the two ends; `stream` is
another reader, of whole segments in order.
"""
