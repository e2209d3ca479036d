/* Which AWS credentials a request uses: see credentials.h. */
#include "../sqlite.h"
#include "credentials.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ctype.h>
#include <sys/wait.h>

/* What a profile says; NULL: nothing. */
typedef struct Profile {
  const char *name;
  int found;
  const char *key_id, *secret, *session_token, *region;
  const char *credential_process, *role_arn, *source_profile, *credential_source;
  const char *web_identity_token_file, *sso_session, *sso_start_url;
} Profile;

static const struct { const char *key; size_t offset; } profile_keys[] = {
  { "aws_access_key_id", offsetof(Profile, key_id) },
  { "aws_secret_access_key", offsetof(Profile, secret) },
  { "aws_session_token", offsetof(Profile, session_token) },
  { "region", offsetof(Profile, region) },
  { "credential_process", offsetof(Profile, credential_process) },
  { "role_arn", offsetof(Profile, role_arn) },
  { "source_profile", offsetof(Profile, source_profile) },
  { "credential_source", offsetof(Profile, credential_source) },
  { "web_identity_token_file", offsetof(Profile, web_identity_token_file) },
  { "sso_session", offsetof(Profile, sso_session) },
  { "sso_start_url", offsetof(Profile, sso_start_url) },
};

static const char *env(const char *name){
  const char *z = getenv(name);
  return z && z[0] ? z : 0;
}

/* The whole file as text, or NULL when it cannot be read. */
static char *read_file(Arena *a, const char *path){
  FILE *f = path ? fopen(path, "rb") : 0;
  Buf b;
  char *room;
  size_t n;
  if( f==0 ) return 0;
  buf_init(&b, a);
  buf_str(&b, "");
  while( b.n<CREDENTIALS_FILE_MAX && (room = buf_room(&b, 4096))!=0 && (n = fread(room, 1, 4096, f))>0 ){
    b.n += n;
    b.z[b.n] = 0;
  }
  fclose(f);
  return b.oom ? 0 : b.z;
}

/* Cut the line's comment and the blanks around it. */
static char *trim(char *z){
  char *end = z + strlen(z);
  while( isspace((unsigned char)*z) ) z++;
  while( end>z && isspace((unsigned char)end[-1]) ) end--;
  *end = 0;
  return z;
}

/* "[profile dev]" in ~/.aws/config, "[dev]" in ~/.aws/credentials. */
static int section_is(const char *line, const char *name, int is_config){
  size_t n = strlen(name);
  line++;
  while( *line==' ' ) line++;
  if( is_config && strcmp(name, "default")!=0 ){
    if( strncmp(line, "profile", 7)!=0 || !isspace((unsigned char)line[7]) ) return 0;
    line += 8;
    while( isspace((unsigned char)*line) ) line++;
  }
  if( strncmp(line, name, n)!=0 ) return 0;
  line += n;
  while( *line==' ' ) line++;
  return *line==']';
}

/* Take the profile's keys from one file; what is already set stays. */
static void profile_read(Arena *a, Profile *p, const char *path, int is_config){
  char *text = read_file(a, path), *next;
  int inside = 0;
  for(char *line = text; line && *line; line = next){
    size_t n = strcspn(line, "\n");
    char *equals, *key, *value;
    int indented = isspace((unsigned char)line[0]);
    next = line[n] ? line + n + 1 : line + n;
    line[n] = 0;
    if( !indented && line[0]=='[' ){
      inside = section_is(line, p->name, is_config);
      if( inside ) p->found = 1;
      continue;
    }
    equals = strchr(line, '=');
    if( !inside || equals==0 || indented || line[0]=='#' || line[0]==';' ) continue;
    *equals = 0;
    key = trim(line);
    value = trim(equals + 1);
    for(size_t i=0; i<sizeof(profile_keys)/sizeof(profile_keys[0]); i++){
      const char **slot = (const char**)((char*)p + profile_keys[i].offset);
      if( strcmp(key, profile_keys[i].key)==0 && *slot==0 && value[0] ) *slot = value;
    }
  }
}

static const char *aws_file(Arena *a, const char *variable, const char *name){
  const char *home = env("HOME");
  if( env(variable) ) return env(variable);
  return home ? arena_printf(a, "%s/.aws/%s", home, name) : 0;
}

/* The first column of the first row for two values: 0 and *out in the arena,
** NULL if there is none or it is NULL; 1 when SQLite or memory failed. */
static int ask_sqlite(Arena *a, sqlite3 *db, const char *sql, const char *v1, const char *v2, const char **out){
  sqlite3_stmt *stmt = 0;
  const char *z;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  *out = 0;
  if( rc==SQLITE_OK ) rc = sqlite3_bind_text(stmt, 1, v1, -1, SQLITE_STATIC);
  if( rc==SQLITE_OK && v2 ) rc = sqlite3_bind_text(stmt, 2, v2, -1, SQLITE_STATIC);
  if( rc==SQLITE_OK && sqlite3_step(stmt)==SQLITE_ROW ){
    z = (const char*)sqlite3_column_text(stmt, 0);
    if( z ) *out = arena_strdup(a, z);
    else if( sqlite3_column_type(stmt, 0)!=SQLITE_NULL ) rc = SQLITE_NOMEM;
  }
  if( sqlite3_finalize(stmt)!=SQLITE_OK || sqlite3_errcode(db)==SQLITE_NOMEM ) rc = SQLITE_ERROR;
  return rc!=SQLITE_OK || a->oom;
}

/* One member of a JSON object, through SQLite's own JSON. */
static int json_member(Arena *a, sqlite3 *db, const char *json, const char *path, const char **out){
  return ask_sqlite(a, db, "SELECT json_extract(?1, ?2) WHERE json_valid(?1)", json, path, out);
}

/* "2026-11-22T12:00:00Z" or with an offset -> Unix time, by SQLite. */
static int iso_seconds(Arena *a, sqlite3 *db, const char *iso, int64_t *out){
  const char *z = 0;
  *out = 0;
  if( iso==0 ) return 0;
  if( ask_sqlite(a, db, "SELECT strftime('%s', ?1)", iso, 0, &z) ) return 1;
  if( z ) *out = strtoll(z, 0, 10);
  return 0;
}

/* Run the command; its standard output, or NULL with *error. */
static char *run_process(Arena *a, const char *command, const char *profile, const char **error){
  FILE *f = popen(command, "r");
  Buf b;
  char *room;
  size_t n;
  int status;
  if( f==0 ){
    *error = arena_printf(a, "profile %s: credential_process cannot be started", profile);
    return 0;
  }
  buf_init(&b, a);
  buf_str(&b, "");
  while( b.n<CREDENTIALS_PROCESS_MAX && (room = buf_room(&b, 4096))!=0 && (n = fread(room, 1, 4096, f))>0 ){
    b.n += n;
    b.z[b.n] = 0;
  }
  status = pclose(f);
  if( status==0 && !b.oom ) return b.z;
  *error = arena_printf(a, "profile %s: `%s` failed with status %d", profile, command,
                        WIFEXITED(status) ? WEXITSTATUS(status) : status);
  return 0;
}

/* AWS, "Sourcing credentials with an external process": Version 1. */
static int from_process(Arena *a, const char *command, const char *profile, Credentials *out, const char **error){
  sqlite3 *db = 0;
  const char *json = run_process(a, command, profile, error);
  int rc = 1;
  if( json==0 ) return 1;
  *error = "out of memory";
  if( sqlite3_open(":memory:", &db)==SQLITE_OK ){
    const char *version, *expires;
    rc = json_member(a, db, json, "$.Version", &version) || json_member(a, db, json, "$.AccessKeyId", &out->key_id)
      || json_member(a, db, json, "$.SecretAccessKey", &out->secret)
      || json_member(a, db, json, "$.SessionToken", &out->session_token)
      || json_member(a, db, json, "$.Expiration", &expires) || iso_seconds(a, db, expires, &out->expires_s);
    if( rc==0 && (version==0 || strcmp(version, "1") || out->key_id==0 || out->secret==0) ){
      *error = arena_printf(a, "profile %s: what `%s` printed is not credentials of Version 1", profile, command);
      rc = 1;
    }
  }
  sqlite3_close(db);
  return rc;
}

static int aws_command_exists(void){
  return system("command -v aws >/dev/null 2>&1")==0;
}

/* SSO by way of the aws command, which keeps and renews the cached token. */
static int from_sso(Arena *a, const Profile *p, Credentials *out, const char **error){
  const char *command = arena_printf(a, "aws configure export-credentials --profile '%s' --format process", p->name);
  if( command==0 || strchr(p->name, '\'') || !aws_command_exists() ){
    *error = arena_printf(a, "profile %s uses SSO, which needs the aws command: install it and type `aws sso login"
                          " --profile %s`, or put what `aws configure export-credentials --profile %s"
                          " --format env` prints into the environment", p->name, p->name, p->name);
    return 1;
  }
  if( from_process(a, command, p->name, out, error) ){
    *error = arena_printf(a, "profile %s: no SSO credentials: type `aws sso login --profile %s`", p->name, p->name);
    return 1;
  }
  out->source = arena_printf(a, "profile %s (SSO)", p->name);
  return 0;
}

/* What a profile can ask for and we do not do yet. */
static const char *unsupported(Arena *a, const Profile *p){
  const char *what = p->web_identity_token_file ? "web_identity_token_file" : p->role_arn ? "role_arn"
                   : p->credential_source ? "credential_source" : 0;
  if( what==0 ) return 0;
  return arena_printf(a, "profile %s asks for %s, which Tarn does not do yet: type `eval \"$(aws configure"
                      " export-credentials --profile %s --format env)\"` and run again", p->name, what, p->name);
}

static int from_profile(Arena *a, const Profile *p, Credentials *out, const char **error){
  if( p->key_id && p->secret ){
    out->key_id = p->key_id;
    out->secret = p->secret;
    out->session_token = p->session_token;
    out->source = arena_printf(a, "profile %s", p->name);
    return 0;
  }
  if( p->sso_session || p->sso_start_url ) return from_sso(a, p, out, error);
  if( p->credential_process ){
    if( from_process(a, p->credential_process, p->name, out, error) ) return 1;
    out->source = arena_printf(a, "profile %s (credential_process)", p->name);
    return 0;
  }
  *error = unsupported(a, p);
  if( *error ) return 1;
  out->anonymous = 1;
  out->source = "none (anonymous)";
  return 0;
}

/* Environments whose credentials come from a service we do not ask. */
static const char *unsupported_environment(Arena *a){
  static const char *const name[] = {
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
  };
  for(size_t i=0; i<sizeof(name)/sizeof(name[0]); i++){
    if( env(name[i]) ){
      return arena_printf(a, "%s is set: Tarn does not ask container metadata yet: type `eval \"$(aws configure"
                          " export-credentials --format env)\"` and run again", name[i]);
    }
  }
  return 0;
}

static void find_region(const CredentialOptions *o, const Profile *p, Credentials *out){
  static const char *const name[] = { "AWS_REGION", "AWS_DEFAULT_REGION" };
  if( o->region ){
    out->region = o->region;
    out->region_source = "option";
  }
  for(int i=0; i<2 && out->region==0; i++){
    out->region = env(name[i]);
    out->region_source = name[i];
  }
  if( out->region==0 && p->region ){
    out->region = p->region;
    out->region_source = "profile";
  }
  if( out->region==0 ) out->region_source = "default";
}

int credentials_find(Arena *a, const CredentialOptions *o, Credentials *out, const char **error){
  Profile p = {0};
  const char *wanted = o->profile ? o->profile : env("AWS_PROFILE");
  memset(out, 0, sizeof(*out));
  p.name = wanted ? wanted : "default";
  profile_read(a, &p, aws_file(a, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), 0);
  profile_read(a, &p, aws_file(a, "AWS_CONFIG_FILE", "config"), 1);
  *error = "out of memory";
  if( a->oom ) return 1;
  find_region(o, &p, out);
  if( o->anonymous ){
    out->anonymous = 1;
    out->source = "anonymous, as asked";
  }else if( o->key_id && o->secret ){
    out->key_id = o->key_id;
    out->secret = o->secret;
    out->session_token = o->session_token;
    out->source = "options";
  }else if( o->profile==0 && env("AWS_ACCESS_KEY_ID") && env("AWS_SECRET_ACCESS_KEY") ){
    out->key_id = env("AWS_ACCESS_KEY_ID");
    out->secret = env("AWS_SECRET_ACCESS_KEY");
    out->session_token = env("AWS_SESSION_TOKEN");
    out->source = "environment";
  }else if( env("AWS_WEB_IDENTITY_TOKEN_FILE") && o->profile==0 ){
    *error = "AWS_WEB_IDENTITY_TOKEN_FILE is set: Tarn does not assume a role with a web identity yet: type"
             " `eval \"$(aws configure export-credentials --format env)\"` and run again";
    return 1;
  }else if( wanted && !p.found ){
    *error = arena_printf(a, "profile %s is neither in ~/.aws/config nor in ~/.aws/credentials", wanted);
    return 1;
  }else if( from_profile(a, &p, out, error) ){
    return 1;
  }
  if( out->anonymous && !o->anonymous && (*error = unsupported_environment(a))!=0 ) return 1;
  *error = "out of memory";
  return a->oom;
}

int credentials_expiring(const Credentials *c, int64_t now_s){
  return c->expires_s!=0 && now_s + CREDENTIALS_REFRESH_S >= c->expires_s;
}
