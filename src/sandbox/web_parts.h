/* SPDX-License-Identifier: MIT
 * web_parts - the handlers of the API's addresses. Each sets *code if it is not 200 (call_fail).
 */
#ifndef SANDBOX_WEB_PARTS_H
#define SANDBOX_WEB_PARTS_H

#include "sandbox/call.h"

typedef enum status (*web_handler)(struct call *call, int *code, struct err *err);

/* web_transcript.c */
enum status web_submit(struct call *call, int *code, struct err *err);
enum status web_get(struct call *call, int *code, struct err *err);
enum status web_delete(struct call *call, int *code, struct err *err);
enum status web_srt(struct call *call, int *code, struct err *err);
enum status web_vtt(struct call *call, int *code, struct err *err);
enum status web_sentences(struct call *call, int *code, struct err *err);
enum status web_paragraphs(struct call *call, int *code, struct err *err);
enum status web_word_search(struct call *call, int *code, struct err *err);
enum status web_redacted_audio(struct call *call, int *code, struct err *err);
/* web_list.c */
enum status web_list(struct call *call, int *code, struct err *err);
/* web_files.c */
enum status web_upload(struct call *call, int *code, struct err *err);
enum status web_redacted_file(struct call *call, int *code, struct err *err);

#endif
