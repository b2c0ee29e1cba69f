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
      'config/explain') command='config explain' ;;
      'config/schema') command='config schema' ;;
      'config/template') command='config template' ;;
    esac
  done
  case $command in
    'config') COMPREPLY=($(compgen -W 'explain schema template --help' -- "$current")) ;;
    '')
      case $previous in
        --config) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--config --dry-run --strict --offline --output-format --quiet --log-level --color --help --version' -- "$current")); else COMPREPLY=($(compgen -W 'completion config' -- "$current")); fi ;;
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
  esac
}
complete -F _forgelm forgelm
