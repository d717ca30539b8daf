// layers.h - is an overlay made of these directories?
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

int lr_layers_shown(int *dir, int count);
