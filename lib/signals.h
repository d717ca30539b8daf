// signals.h - the signals that would end us between two changes
// SPDX-License-Identifier: 0BSD

void lr_signals_catch(unsigned long long *taken);
void lr_signals_ignore(unsigned long long taken);
void lr_signals_restore(unsigned long long taken);
volatile int *lr_signals_asked(void);
