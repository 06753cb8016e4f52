# SPDX-License-Identifier: GPL-2.0
"""The lab of the RAS stop framework: machines, peers and boots as objects, tests as data."""
