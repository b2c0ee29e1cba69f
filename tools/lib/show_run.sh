# shellcheck shell=bash
# Sourced by tools/quickstart: shows what a finished run learnt, from the files in its folder (forgelm_run.json and
# samples.jsonl, whose form is forgelm's own: one member or one object a line).

# number_in FILE KEY: the first number under that key.
number_in() { sed -n "/\"$2\": [-+0-9]/{s/.*\"$2\": \([-+.0-9eE]*\).*/\1/p;q}" "$1"; }

# The text of a JSON string without its quotes, on one line.
plain_text() {
  local text
  text=$(printf '%b' "${1//\\\"/\"}")
  printf '%s' "${text//$'\n'/ }"
}

# samples_at FILE STEP: prompt and text of the samples of a step, a line each, between two tabs.
samples_at() {
  sed -n "s/^{\"step\": $2, \"prompt\": \"\(.*\)\", \"text\": \"\(.*\)\"}\$/\1\t\2/p" "$1"
}

# show_run FOLDER: held-out loss before and after with its ratio, then each prompt's samples before and after.
show_run() {
  local record=$1/forgelm_run.json samples=$1/samples.jsonl before after last prompt text answer
  [ -r "$record" ] || die "$1 holds no record of a run (forgelm_run.json)"
  before=$(number_in "$record" initial_eval_loss)
  after=$(number_in "$record" eval_loss)
  [ -n "$before" ] && [ -n "$after" ] || die "$record has no held-out loss from before and after the training"
  awk -v before="$before" -v after="$after" \
    'BEGIN { printf "held-out loss: %.3f before, %.3f after the training (%.2f of it)\n", before, after, after / before }'
  [ -r "$samples" ] || return 0
  last=$(sed -n 's/^{"step": \([0-9]*\),.*/\1/p' "$samples" | sort -n | tail -n 1)
  while IFS=$'\t' read -r prompt text; do
    # Through the environment: awk would read the escapes of a -v variable.
    answer=$(samples_at "$samples" "$last" | prompt=$prompt awk -F '\t' '$1 == ENVIRON["prompt"] { print $2; exit }')
    printf '\n%s\n  before: %s\n  after:  %s\n' "$(plain_text "$prompt")" "$(plain_text "$text")" "$(plain_text "$answer")"
  done < <(samples_at "$samples" 0)
}
