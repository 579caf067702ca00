# SPDX-License-Identifier: MIT
#
# fields.sed - the fields of a struct as C has them: without a default value
s/ SLUICE_ZERO_;/;/
s/ SLUICE_SIZE_([^)]*);/;/
