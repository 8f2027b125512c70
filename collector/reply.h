/* From a request's outcome to an answer on the wire. */
#ifndef FOOTFALL_REPLY_H
#define FOOTFALL_REPLY_H

#include "request.h"

/* Makes the answers that are always the same. False without memory. */
__attribute__((warn_unused_result)) bool reply_init(void);
void reply_release(void);

/* Queues the answer of a decided request. */
enum MHD_Result reply_send(struct request *request);

/* Runs the request's page into request->answer. */
void reply_run_page(struct request *request);

/* The line of log-requests, when it is on. */
void reply_log(const struct request *request);

#endif
