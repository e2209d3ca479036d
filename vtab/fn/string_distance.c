/*
** Likeness and check digits: levenshtein_distance, hamming_distance, soundex,
** luhn_check.
**
** Limits: Athena refuses a Levenshtein table of more than a million cells,
** and knows Soundex codes of the letters A-Z only.
*/
#include "../sqlite.h"
#include <string.h>
#include <utf8proc.h>
#include "text.h"

#define LEVENSHTEIN_CELLS_MAX 1000000

static int64_t levenshtein(const unsigned *x, int nx, const unsigned *y, int ny, int64_t *row){
  for(int j=0; j<=ny; j++) row[j] = j;
  for(int i=1; i<=nx; i++){
    int64_t diagonal = row[0];
    row[0] = i;
    for(int j=1; j<=ny; j++){
      int64_t best = diagonal + (x[i-1]!=y[j-1]);
      diagonal = row[j];
      if( row[j] + 1<best ) best = row[j] + 1;
      if( row[j-1] + 1<best ) best = row[j-1] + 1;
      row[j] = best;
    }
  }
  return row[ny];
}

static int fn_levenshtein(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  int nx, ny;
  unsigned *x = text_points(c->arena, &a[0], &nx);
  unsigned *y = text_points(c->arena, &a[1], &ny);
  if( nx==0 || ny==0 ){
    *out = value_int(nx + ny);
    return FN_OK;
  }
  if( (int64_t)nx*(ny - 1)>LEVENSHTEIN_CELLS_MAX ){
    return fn_bad_argument(c, "The combined inputs for Levenshtein distance are too large");
  }
  int64_t *row = arena_alloc_raw(c->arena, sizeof(int64_t)*((size_t)ny + 1));
  if( x && y && row ) *out = value_int(levenshtein(x, nx, y, ny, row));
  return FN_OK;
}

static int fn_hamming(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  int64_t distance = 0;
  int i = 0, j = 0;
  while( i<a[0].n && j<a[1].n ){
    distance += utf8_next(a[0].z, a[0].n, &i)!=utf8_next(a[1].z, a[1].n, &j);
  }
  if( i<a[0].n || j<a[1].n ){
    return fn_bad_argument(c,
        "The input strings to hamming_distance function must have the same length");
  }
  *out = value_int(distance);
  return FN_OK;
}

/*
** Soundex: the first letter and three digits.  Letters of one code in a row
** count once, also across H and W; a vowel between them separates.
** 0 = vowel (no digit, separates), '-' = H, W (no digit, invisible).
*/
static const char soundex_code[] = "01230120022455012623010202";

static char soundex_of(unsigned letter){
  return letter=='H' || letter=='W' ? '-' : soundex_code[letter - 'A'];
}

/* The letters of a text in upper case; what is no letter is dropped. */
static unsigned *soundex_letters(FnCall *c, const Value *v, int *n){
  unsigned *p = arena_alloc_raw(c->arena, sizeof(unsigned)*((size_t)v->n*2 + 1));
  *n = 0;
  for(int i=0; p && i<v->n; ){
    unsigned cp = utf8_next(v->z, v->n, &i);
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);
    if( category<UTF8PROC_CATEGORY_LU || category>UTF8PROC_CATEGORY_LO || cp>0xffff ) continue;
    p[(*n)++] = cp==0xdf ? 'S' : text_upper_point(cp);
    if( cp==0xdf ) p[(*n)++] = 'S';
  }
  return p;
}

static int soundex_unmapped(FnCall *c, unsigned letter){
  Buf z;
  buf_init(&z, c->arena);
  buf_utf8(&z, letter);
  return fn_bad_argument(c, "The character is not mapped: %s (index=%d)",
                         z.z ? z.z : "", (int)letter - 'A');
}

static int fn_soundex(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  char code[4] = {'0', '0', '0', '0'}, last = 0;
  int n_letters, n = 0;
  unsigned *letter = soundex_letters(c, &a[0], &n_letters);
  if( letter==0 ) return FN_OK;
  for(int i=0; i<n_letters && n<4; i++){
    if( letter[i]<'A' || letter[i]>'Z' ) return soundex_unmapped(c, letter[i]);
    char digit = soundex_of(letter[i]);
    if( i==0 ){
      code[n++] = (char)letter[0];
    }else if( digit=='-' ){
      continue;
    }else if( digit!='0' && digit!=last ){
      code[n++] = digit;
    }
    last = digit;
  }
  char *z = arena_strndup(c->arena, code, 4);
  if( z ) *out = value_text(z, n ? 4 : 0);
  return FN_OK;
}

static int fn_luhn(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  int sum = 0;
  for(int i=0; i<a[0].n; i++){
    if( a[0].z[i]<'0' || a[0].z[i]>'9' ){
      return fn_bad_argument(c, "Input contains non-digit character");
    }
  }
  for(int i=a[0].n - 1, place=0; i>=0; i--, place++){
    int digit = a[0].z[i] - '0';
    if( place & 1 ) digit = digit>4 ? 2*digit - 9 : 2*digit;
    sum += digit;
  }
  *out = value_int(a[0].n>0 && sum%10==0);
  return FN_OK;
}

const FnDef fn_string_distance[] = {
  {"levenshtein_distance", "(varchar(x), varchar(y)) -> bigint", fn_levenshtein, FN_RAISES, 0, 0,
   "Edits (insert, delete, change a character) between two texts.",
   "levenshtein_distance('flaw', 'lawn') = 2", 0},
  {"hamming_distance", "(varchar(x), varchar(y)) -> bigint", fn_hamming, FN_RAISES, 0, 0,
   "Places at which two texts of one length differ.",
   "hamming_distance('karolin', 'kathrin') = 3", 0},
  {"soundex", "(varchar(x)) -> varchar(4)", fn_soundex, FN_RAISES, 0, 0,
   "Code of how an English word sounds.", "soundex('Robert') = R163", 0},
  {"luhn_check", "(varchar) -> boolean", fn_luhn, FN_RAISES, 0, 0,
   "Whether the last digit is the right check digit.", "luhn_check('79927398713') = true", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
