/*
** What both generated parsers need of lemon's automaton, in terms of the names
** that the template defines; included by the %code of each grammar and by
** nothing else.
**
** accepts(y, token): would the automaton take this token now?  Its reductions
** are carried out on a copy of the stack's top, states only.
*/
static int accepts(const yyParser *y, int token){
  YYACTIONTYPE pushed[64];      /* states above *base */
  int n = 0;
  const yyStackEntry *base = y->yytos;
  for(int steps=0; steps<1000; steps++){
    YYACTIONTYPE state = n ? pushed[n-1] : base->stateno;
    YYACTIONTYPE act;
    if( state<=YY_MAX_SHIFT ) act = yy_find_shift_action((YYCODETYPE)token, state);
    else act = state;           /* a shift that reduces at once */
    if( act>=YY_MIN_REDUCE ){
      int rule = act - YY_MIN_REDUCE;
      int size = -yyRuleInfoNRhs[rule];
      int popped = size<n ? size : n;
      n -= popped;
      base -= size - popped;
      act = yy_find_reduce_action(n ? pushed[n-1] : base->stateno, yyRuleInfoLhs[rule]);
      if( act==YY_ACCEPT_ACTION ) return 1;
      if( n==(int)(sizeof(pushed)/sizeof(pushed[0])) ) return 0;
      pushed[n++] = act;
      continue;
    }
    return act<=YY_MAX_SHIFTREDUCE || act==YY_ACCEPT_ACTION;
  }
  return 0;
}

/* The token's code here and now: of its candidates, in its order of
** preference, the first that the automaton takes; -1 if it takes none. */
static int choose_code(const yyParser *y, const Token *t){
  for(int i=0; i<TOKEN_CANDIDATES && t->candidate[i]; i++){
    if( accepts(y, t->candidate[i]) ) return t->candidate[i];
  }
  return -1;
}
