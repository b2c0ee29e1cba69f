# bash completion for forgelm. Use: source <(forgelm completion bash), or put it into
# ~/.local/share/bash-completion/completions/forgelm
_forgelm_files() {
  local IFS=$'\n'
  COMPREPLY=($(compgen "$1" -- "$current"))
  compopt -o filenames 2>/dev/null
}
_forgelm() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command='' word i
  # readline splits --option=value at the '='
  if [[ $current == '=' ]]; then current=''; elif [[ $previous == '=' ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case "$command/$word" in
      '/completion') command='completion' ;;
      '/config') command='config' ;;
      '/data') command='data' ;;
      '/tokenize') command='tokenize' ;;
      'config/explain') command='config explain' ;;
      'config/schema') command='config schema' ;;
      'config/template') command='config template' ;;
      'data/cache') command='data cache' ;;
      'data/prepare') command='data prepare' ;;
      'data/preview') command='data preview' ;;
    esac
  done
  case $command in
    'config') COMPREPLY=($(compgen -W 'explain schema template --help' -- "$current")) ;;
    'data') COMPREPLY=($(compgen -W 'cache prepare preview --help' -- "$current")) ;;
    '')
      case $previous in
        --config) _forgelm_files -f; return ;;
        --resume) _forgelm_files -d; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--config --resume --dry-run --strict --offline --output-format --quiet --log-level --color --help --version' -- "$current")); else COMPREPLY=($(compgen -W 'completion config data tokenize' -- "$current")); fi ;;
    'completion')
      case $previous in
        --output) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output --output-format --quiet --log-level --color --help' -- "$current")); else COMPREPLY=($(compgen -W 'bash zsh fish' -- "$current")); fi ;;
    'config explain')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-format --quiet --log-level --color --help' -- "$current")); else COMPREPLY=(); fi ;;
    'config schema')
      case $previous in
        --output) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output --output-format --quiet --log-level --color --help' -- "$current")); fi ;;
    'config template')
      case $previous in
        --output) _forgelm_files -f; return ;;
        --schema) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output --schema --output-format --quiet --log-level --color --help' -- "$current")); fi ;;
    'data cache')
      case $previous in
        --of) _forgelm_files -f; return ;;
        --older-than) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--of --remove --older-than --output-format --quiet --log-level --color --help' -- "$current")); fi ;;
    'data prepare')
      case $previous in
        --stage) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--stage --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'data preview')
      case $previous in
        --n) COMPREPLY=(); return ;;
        --from) COMPREPLY=(); return ;;
        --split) COMPREPLY=($(compgen -W 'train eval' -- "$current")); return ;;
        --stage) COMPREPLY=(); return ;;
        --html) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--n --from --split --stage --html --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'tokenize')
      case $previous in
        --input) _forgelm_files -f; return ;;
        --template) COMPREPLY=(); return ;;
        --show) COMPREPLY=($(compgen -W 'ids tokens' -- "$current")); return ;;
        --output) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--input --decode --chat --template --show --no-special-tokens --output --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
  esac
}
complete -F _forgelm forgelm
