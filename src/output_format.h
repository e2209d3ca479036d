/* What output.c and the files of single formats agree on. */
#ifndef TARN_OUTPUT_FORMAT_H
#define TARN_OUTPUT_FORMAT_H
#include "output.h"

struct OutputFormat {
  const char *name;
  int one_datum;                /* a row of SHOW or DESCRIBE is one text */
  void (*begin)(Output*);
  void (*row)(Output*, const Value*);
  void (*end)(Output*);
};

void output_separate(Output*);
void box_begin(Output*);
void box_row(Output*, const Value*);
void box_end(Output*);
void markdown_begin(Output*);
void markdown_row(Output*, const Value*);
void markdown_end(Output*);
void api_begin(Output*);
void api_row(Output*, const Value*);
void api_end(Output*);
#endif
