/* How the program ends, by class of fault. Documented in footfall-collector(1). */
#ifndef FOOTFALL_EXIT_STATUS_H
#define FOOTFALL_EXIT_STATUS_H

#define EXIT_STATUS_FAULTS 1 /* check found faults */
#define EXIT_STATUS_USAGE  2 /* wrong arguments or configuration */
#define EXIT_STATUS_STORE  3 /* the store cannot be opened, read or written */
#define EXIT_STATUS_SYSTEM 4 /* address taken, no memory, no permission */

#endif
