/*
** word_stem(word [, language]): the Snowball stemmers.
**
** Athena's come with Lucene 8.4, libstemmer's are of Snowball 2.2.  Compared on
** a hundred thousand made-up words a language (stems, suffixes of the
** language, capitals), they agree but for what is refused here: letters and
** suffixes that a language's stemmer treats otherwise since.  Turkish differs
** throughout and is refused whole.
*/
#include "../sqlite.h"
#include <string.h>
#include <libstemmer.h>
#include "text.h"

typedef struct Language {
  const char *code, *name;
  int small_only;               /* words with capitals differ */
  const char *const differs[4]; /* what a word must not contain */
} Language;

static const Language LANGUAGES[] = {
  {"ca", "catalan", 0, {0}}, {"da", "danish", 0, {0}}, {"de", "german", 0, {"niss", 0}},
  {"en", "english", 0, {0}}, {"es", "spanish", 0, {0}}, {"eu", "basque", 0, {0}},
  {"fi", "finnish", 1, {0}}, {"fr", "french", 1, {"\xc3\xab", "\xc3\xaf", 0}},
  {"hu", "hungarian", 0, {"\xc5\x91", "\xc5\xb1", 0}}, {"hy", "armenian", 0, {0}},
  {"ir", "irish", 0, {0}}, {"it", "italian", 0, {0}}, {"lt", "lithuanian", 0, {0}},
  {"nl", "dutch", 0, {"\xc3\xa8", 0}}, {"no", "norwegian", 0, {0}},
  {"pt", "portuguese", 0, {"u\xc3\xa7", 0}}, {"ro", "romanian", 0, {0}},
  {"ru", "russian", 0, {"\xd1\x91", "\xd0\x81", 0}}, {"sv", "swedish", 0, {0}}, {"tr", 0, 0, {0}},
};

static const Language *find_language(const Value *code){
  for(size_t i=0; i<sizeof(LANGUAGES)/sizeof(LANGUAGES[0]); i++){
    if( code->n==2 && memcmp(code->z, LANGUAGES[i].code, 2)==0 ) return &LANGUAGES[i];
  }
  return 0;
}

/* Is the word one on which both libraries agree? */
static int agrees(const Language *l, const Value *word){
  for(int i=0; l->differs[i]; i++){
    if( memmem(word->z, (size_t)word->n, l->differs[i], strlen(l->differs[i])) ) return 0;
  }
  for(int i=0; i<word->n; ){
    int from = i;
    unsigned cp = utf8_next(word->z, word->n, &i);
    if( cp>0xffff || (cp>=0x80 && i==from + 1) ) return 0;    /* pairs in Java; broken bytes */
    if( l->small_only && text_lower_point(cp)!=cp ) return 0;
  }
  return 1;
}

typedef struct Stemmer { const Language *language; struct sb_stemmer *stemmer; } Stemmer;

static void stemmer_free(void *p){
  Stemmer *s = p;
  if( s && s->stemmer ) sb_stemmer_delete(s->stemmer);
  sqlite3_free(s);
}

/* The memo's stemmer, or a new one in its place; NULL: out of memory. */
static Stemmer *get_stemmer(FnCall *c, const Language *l){
  Stemmer *s = c->memo;
  if( s && s->language==l ) return s;
  s = sqlite3_malloc64(sizeof(*s));
  if( s==0 ) return 0;
  s->language = l;
  s->stemmer = sb_stemmer_new(l->name, 0);
  if( s->stemmer==0 ){
    stemmer_free(s);
    return 0;
  }
  if( c->memo && c->memo_free ) c->memo_free(c->memo);
  c->memo = s;
  c->memo_free = stemmer_free;
  return s;
}

static int fn_word_stem(FnCall *c, int argc, const Value *a, Value *out){
  static const Value english = {V_TEXT, 2, {.z = "en"}};
  const Value *code = argc>1 ? &a[1] : &english;
  const Language *l = find_language(code);
  Stemmer *s;
  if( l==0 ) return fn_bad_argument(c, "Unknown stemmer language: %.*s", code->n, code->z);
  if( l->name==0 || !agrees(l, &a[0]) ) return fn_refuse(c, "word_stem of this word in '%s'", l->code);
  s = get_stemmer(c, l);
  if( s==0 ){
    c->arena->oom = 1;
    return FN_ERROR;
  }
  const sb_symbol *stem = sb_stemmer_stem(s->stemmer, (const sb_symbol*)a[0].z, a[0].n);
  int n = sb_stemmer_length(s->stemmer);
  char *z = stem ? arena_strndup(c->arena, (const char*)stem, (size_t)n) : 0;
  if( z==0 ){
    c->arena->oom = 1;
    return FN_ERROR;
  }
  *out = value_text(z, (size_t)n);
  return FN_OK;
}

const FnDef fn_stem[] = {
  {"word_stem", "(varchar(x)) -> varchar(x)", fn_word_stem, FN_TYPED|FN_RAISES, "t_word_stem", 0,
   "The stem of an English word.", "word_stem('running') = run", 0},
  {"word_stem", "(varchar(x), varchar(2)) -> varchar(x)", fn_word_stem, FN_TYPED|FN_RAISES,
   "t_word_stem_language", 0, "The stem of a word in a language (its code of two letters).",
   "word_stem('häuser', 'de') = haus", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
