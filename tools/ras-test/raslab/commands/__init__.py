# SPDX-License-Identifier: GPL-2.0
"""The commands of ./ras: a module each, with add_arguments() and main()."""
