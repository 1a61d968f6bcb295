# Functions that read an environment file as systemd does (EnvironmentFile= in systemd.exec(5)); stands before scripts that do.
# The states are those of parse_env_file_internal in systemd's src/basic/env-file.c (v257). A NUL in the file, or a name or
# value that is not UTF-8, makes systemd ignore all of it. Before v254 a comment that ended in `\` went on in the next line.
# Bytes are read as numbers: no awk is then in doubt about encodings, NUL or the last line.
environment_states='
  function begin(code) { key = trimmed_key = ""; key_blank = 0; value = trimmed = ""; blank = 0; from = at; add_key(code); state = "KEY" }
  function add_key(code) {
    if (!is_blank(code)) key_blank = 0
    else if (!key_blank) { key_blank = 1; trimmed_key = key }
    key = key text(code)
  }
  function add(code) { value = value text(code) }
  function end_of_value() {
    count++
    name[count] = key_blank ? trimmed_key : key
    content[count] = state == "VALUE" && blank ? trimmed : value
    starts[count] = from
    ends[count] = at
    state = "PRE_KEY"
  }
  function is_end(code) { return code == 10 || code == 13 }
  function is_blank(code) { return code == 32 || code == 9 || is_end(code) }
  # A backslash, and what is not printable, as printf(1) reads it with %b.
  function text(code) { return code > 31 && code < 127 && code != 92 ? sprintf("%c", code) : sprintf("\\0%03o", code) }
  # Which bytes may follow one another: the Unicode Standard, table 3-7.
  function check_utf8(code) {
    if (more > 0) {
      if (code < low || code > high) broken = 1
      more--; low = 128; high = 191
    } else if (code > 127) {
      low = code == 224 ? 160 : code == 240 ? 144 : 128
      high = code == 237 ? 159 : code == 244 ? 143 : 191
      if (code >= 194 && code <= 223) more = 1
      else if (code >= 224 && code <= 239) more = 2
      else if (code >= 240 && code <= 244) more = 3
      else broken = 1
    }
  }
  function step(code) {
    if (code == 0) broken = 1
    if (state == "PRE_KEY") {
      if (code == 35 || code == 59) state = "COMMENT"
      else if (!is_blank(code)) begin(code)
    } else if (state == "KEY") {
      if (is_end(code)) state = "PRE_KEY"
      else if (code == 61) state = "PRE_VALUE"
      else add_key(code)
    } else if (state == "PRE_VALUE") {
      if (is_end(code)) end_of_value()
      else if (code == 39) state = "SINGLE_QUOTE_VALUE"
      else if (code == 34) state = "DOUBLE_QUOTE_VALUE"
      else if (code == 92) state = "VALUE_ESCAPE"
      else if (!is_blank(code)) { state = "VALUE"; add(code) }
    } else if (state == "VALUE") {
      if (is_end(code)) end_of_value()
      else if (code == 92) { state = "VALUE_ESCAPE"; blank = 0 }
      else {
        if (!is_blank(code)) blank = 0
        else if (!blank) { blank = 1; trimmed = value }
        add(code)
      }
    } else if (state == "VALUE_ESCAPE") {
      state = "VALUE"
      if (!is_end(code)) add(code)
    } else if (state == "SINGLE_QUOTE_VALUE") {
      if (code == 39) state = "PRE_VALUE"
      else add(code)
    } else if (state == "DOUBLE_QUOTE_VALUE") {
      if (code == 34) state = "PRE_VALUE"
      else if (code == 92) state = "DOUBLE_QUOTE_VALUE_ESCAPE"
      else add(code)
    } else if (state == "DOUBLE_QUOTE_VALUE_ESCAPE") {
      state = "DOUBLE_QUOTE_VALUE"
      if (code == 34 || code == 92 || code == 96 || code == 36) add(code)
      else if (code != 10) { add(92); add(code) }
    } else if (state == "COMMENT") {
      if (code == 92) state = "COMMENT_ESCAPE"
      else if (is_end(code)) state = "PRE_KEY"
    } else state = version >= 254 && is_end(code) ? "PRE_KEY" : "COMMENT"
  }
  BEGIN { state = "PRE_KEY"; at = 0 }
  { for (field = 1; field <= NF; field++) { bytes[at] = $field + 0; step(bytes[at]); at++ } }
  END { last_state = state; if (state ~ /VALUE/) end_of_value() }'

environment_version() { systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p'; }

# $1 file  $2 what awk does at the end; then more arguments for awk
environment_awk() {
  outrigger_read=$1 outrigger_then=$2
  shift 2
  outrigger_version=${outrigger_version:-$(environment_version)}
  od -An -v -tu1 -- "$outrigger_read" \
    | LC_ALL=C awk -v version="${outrigger_version:-257}" "$@" -- "$environment_states$outrigger_then"
}

# Prints Pacemaker's variables, as NAME=VALUE with each value in the form that printf(1) takes for %b. Others stay there: they
# may be secrets. $1 file
environment_variables() {
  environment_awk "$1" '
    function check_assignment(number, left) {
      more = 0
      left = name[number] "=" content[number]
      while (match(left, /\\0[0-7][0-7][0-7]|[^\\]/)) {
        octal = substr(left, 3, 3)
        check_utf8(RLENGTH == 5 ? substr(octal, 1, 1) * 64 + substr(octal, 2, 1) * 8 + substr(octal, 3, 1) : 65)
        left = substr(left, RLENGTH + 1)
      }
      if (more) broken = 1
    }
    END {
      for (number = 1; number <= count; number++) check_assignment(number)
      for (number = 1; number <= count && !broken; number++)
        if (name[number] ~ /^PCMK_[A-Za-z0-9_]+$/) print name[number] "=" content[number]
    }'
}

# Prints the variables of all files that a unit names, in their order: the last assignment counts, whichever file it is in
# (systemd.exec(5)). `from=FILE` stands before those of another file than the one before, at first $2. $1 unit
# $2 ... the files that it has where there is no unit yet
all_environment_variables() {
  outrigger_files=$(systemctl show --property=EnvironmentFiles "$1" 2>/dev/null \
    | sed -n 's/^EnvironmentFiles=\(.*\) (ignore_errors=[a-z]*)$/\1/p')
  shift
  outrigger_from=$1
  if [ -n "$outrigger_files" ]; then
    outrigger_separator=$IFS
    IFS='
'
    # Unquoted, because a name may be a pattern.
    set -- $outrigger_files
    IFS=$outrigger_separator
  fi
  for outrigger_file; do
    [ -f "$outrigger_file" ] || continue
    outrigger_found=$(environment_variables "$outrigger_file")
    [ -n "$outrigger_found" ] || continue
    if [ "$outrigger_file" != "$outrigger_from" ]; then printf 'from=%s\n' "$outrigger_file"; fi
    outrigger_from=$outrigger_file
    printf '%s\n' "$outrigger_found"
  done
}

# Prints what systemd takes for the value of one of them, the last of several. $1 its name  stdin: as environment_variables prints
environment_value() {
  printf '%b' "$(sed -n "s/^$1=//p" | tail -n 1)"
}

# Prints the file with variables set: the assignment that counts becomes another one, or it is added; every other byte stays.
# $1 file  $2 NAME=VALUE, with blanks between several; no value: each assignment of it goes
environment_with() {
  environment_awk "$1" '
    function put(code) { printf "%c", code; previous = code }
    function put_text(words) { printf "%s", words; previous = 0 }
    function put_newline() { if (is_crlf) put(13); put(10) }
    function put_bytes(to) { while (done < to) { put(bytes[done]); done++ } }
    function start_of_line(place) { while (place > 0 && (bytes[place - 1] == 32 || bytes[place - 1] == 9)) place--; return place }
    function after_line(place) {
      if (place < at && bytes[place] == 13 && bytes[place + 1] == 10) place++
      return place < at ? place + 1 : place
    }
    function add_missing(number) {
      for (number = 1; number <= wanted_count; number++)
        if (value_of[order[number]] != "" && !(order[number] in counts)) { put_text(order[number] "=" value_of[order[number]]); put_newline() }
    }
    # How many newlines it takes until the next line is one of its own.
    function missing_newlines() {
      if (at == 0) return 0
      if (count > 0 && ends[count] == at && changed) return previous == 10 || previous == 13 || previous == "" ? 0 : 1
      if (last_state ~ /ESCAPE/) return 2
      return last_state == "PRE_KEY" && is_end(bytes[at - 1]) && bytes[at - 2] != 92 ? 0 : 1
    }
    END {
      if (at != size) exit 3
      wanted_count = split(wanted, order, " ")
      for (number = 1; number <= wanted_count; number++) {
        equals = index(order[number], "=")
        value_of[substr(order[number], 1, equals - 1)] = substr(order[number], equals + 1)
        order[number] = substr(order[number], 1, equals - 1)
      }
      for (number = 1; number <= count; number++) if (name[number] in value_of) counts[name[number]] = number
      for (place = at - 1; place > 0 && bytes[place] != 10; place--);
      is_crlf = place > 0 && bytes[place - 1] == 13
      previous = ""
      done = 0
      for (number = 1; number <= count; number++) {
        changed = 0
        bare = name[number]
        # systemd ignores it; a shell that reads the file does not.
        is_exported = sub(/^export( |\\0011)+/, "", bare)
        if (!(bare in value_of)) continue
        if (is_exported || value_of[bare] == "") {
          put_bytes(start_of_line(starts[number]))
          done = after_line(ends[number])
          changed = 1
        } else if (counts[bare] == number) {
          put_bytes(starts[number])
          put_text(bare "=" value_of[bare])
          done = ends[number]
          changed = 1
        }
      }
      # A quote that nobody closed would swallow them.
      if (last_state ~ /QUOTE/ && !changed) { put_bytes(start_of_line(starts[count])); add_missing(); put_bytes(at); exit }
      put_bytes(at)
      for (number = 1; number <= wanted_count; number++)
        if (value_of[order[number]] != "" && !(order[number] in counts)) is_adding = 1
      if (is_adding) { for (missing = missing_newlines(); missing > 0; missing--) put_newline(); add_missing() }
    }' -v size="$(wc -c <"$1")" -v wanted="$2"
}
