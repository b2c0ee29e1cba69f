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
      '/approvals') command='approvals' ;;
      '/approve') command='approve' ;;
      '/audit') command='audit' ;;
      '/bundle') command='bundle' ;;
      '/completion') command='completion' ;;
      '/config') command='config' ;;
      '/data') command='data' ;;
      '/ingest') command='ingest' ;;
      '/purge') command='purge' ;;
      '/reject') command='reject' ;;
      '/reverse-pii') command='reverse-pii' ;;
      '/sign') command='sign' ;;
      '/tokenize') command='tokenize' ;;
      '/verify-annex-iv') command='verify-annex-iv' ;;
      '/verify-audit') command='verify-audit' ;;
      '/verify-gguf') command='verify-gguf' ;;
      '/verify-integrity') command='verify-integrity' ;;
      'config/explain') command='config explain' ;;
      'config/schema') command='config schema' ;;
      'config/template') command='config template' ;;
      'data/cache') command='data cache' ;;
      'data/check') command='data check' ;;
      'data/lineage') command='data lineage' ;;
      'data/list') command='data list' ;;
      'data/prepare') command='data prepare' ;;
      'data/preview') command='data preview' ;;
      'data/rebuild') command='data rebuild' ;;
      'data/register') command='data register' ;;
      'data/rm') command='data rm' ;;
      'data/show') command='data show' ;;
      'data/stats') command='data stats' ;;
      'data/verify') command='data verify' ;;
    esac
  done
  case $command in
    'config') COMPREPLY=($(compgen -W 'explain schema template --help' -- "$current")) ;;
    'data') COMPREPLY=($(compgen -W 'cache check lineage list prepare preview rebuild register rm show stats verify --help' -- "$current")) ;;
    '')
      case $previous in
        --config) _forgelm_files -f; return ;;
        --resume) _forgelm_files -d; return ;;
        --sign-key) _forgelm_files -f; return ;;
        --compliance-export) _forgelm_files -d; return ;;
        --output) _forgelm_files -d; return ;;
        --bundle) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--config --resume --sign-key --dry-run --strict --compliance-export --output --bundle --offline --output-format --quiet --log-level --color --help --version' -- "$current")); else COMPREPLY=($(compgen -W 'approvals approve audit bundle completion config data ingest purge reject reverse-pii sign tokenize verify-annex-iv verify-audit verify-gguf verify-integrity' -- "$current")); fi ;;
    'approvals')
      case $previous in
        --show) COMPREPLY=(); return ;;
        --output-dir) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--pending --show --output-dir --output-format --quiet --log-level --color --help' -- "$current")); fi ;;
    'approve')
      case $previous in
        --output-dir) _forgelm_files -f; return ;;
        --config) _forgelm_files -f; return ;;
        --comment) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-dir --config --comment --output-format --quiet --log-level --color --help' -- "$current")); else COMPREPLY=(); fi ;;
    'audit')
      case $previous in
        --output) _forgelm_files -d; return ;;
        --dedup-method) COMPREPLY=($(compgen -W 'simhash minhash' -- "$current")); return ;;
        --near-dup-threshold) COMPREPLY=(); return ;;
        --jaccard-threshold) COMPREPLY=(); return ;;
        --pii-ml-language) COMPREPLY=(); return ;;
        --language-sample) COMPREPLY=(); return ;;
        --tokenizer) _forgelm_files -f; return ;;
        --config) _forgelm_files -f; return ;;
        --stage) COMPREPLY=(); return ;;
        --max-length) COMPREPLY=(); return ;;
        --benchmark) COMPREPLY=(); return ;;
        --benchmark-ngram) COMPREPLY=(); return ;;
        --fail-on-contamination) COMPREPLY=(); return ;;
        --pii-ml-model) _forgelm_files -d; return ;;
        --pii-ml-min-score) COMPREPLY=(); return ;;
        --workers) COMPREPLY=(); return ;;
        --sarif) _forgelm_files -f; return ;;
        --html) _forgelm_files -f; return ;;
        --fix) _forgelm_files -d; return ;;
        --fix-rule) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output --verbose --dedup-method --near-dup-threshold --jaccard-threshold --quality-filter --no-quality-filter --croissant --pii-ml --pii-ml-language --language-sample --tokenizer --config --stage --max-length --benchmark --benchmark-ngram --fail-on-contamination --pii-ml-model --pii-ml-min-score --workers --sarif --html --fix --fix-rule --allow-secrets --allow-pii --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'bundle')
      case $previous in
        --output) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -d; fi ;;
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
    'data check')
      case $previous in
        --trainer) COMPREPLY=($(compgen -W 'sft orpo dpo simpo kto grpo cpt ppo reward' -- "$current")); return ;;
        --task) COMPREPLY=($(compgen -W 'chat completion summarization question_answering' -- "$current")); return ;;
        --column) COMPREPLY=(); return ;;
        --min-rows) COMPREPLY=(); return ;;
        --model-size) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--trainer --task --column --min-rows --model-size --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'data lineage')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--dot --output-format --quiet --log-level --color --help' -- "$current")); else COMPREPLY=(); fi ;;
    'data list')
      case $previous in
        --name) COMPREPLY=(); return ;;
        --tag) COMPREPLY=(); return ;;
        --limit) COMPREPLY=(); return ;;
        --offset) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--name --tag --limit --offset --output-format --quiet --log-level --color --help' -- "$current")); fi ;;
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
    'data rebuild')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-format --quiet --log-level --color --help' -- "$current")); fi ;;
    'data register')
      case $previous in
        --name) COMPREPLY=(); return ;;
        --version) COMPREPLY=(); return ;;
        --parent) COMPREPLY=(); return ;;
        --license) COMPREPLY=(); return ;;
        --tag) COMPREPLY=(); return ;;
        --description) COMPREPLY=(); return ;;
        --audit-report) _forgelm_files -f; return ;;
        --accept-findings) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--name --version --parent --license --tag --description --audit-report --accept-findings --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'data rm')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-format --quiet --log-level --color --help' -- "$current")); else COMPREPLY=(); fi ;;
    'data show')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-format --quiet --log-level --color --help' -- "$current")); else COMPREPLY=(); fi ;;
    'data stats')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'data verify')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-format --quiet --log-level --color --help' -- "$current")); else COMPREPLY=(); fi ;;
    'ingest')
      case $previous in
        --output) _forgelm_files -f; return ;;
        --strategy) COMPREPLY=($(compgen -W 'paragraph sliding markdown conversation' -- "$current")); return ;;
        --chunk-size) COMPREPLY=(); return ;;
        --overlap) COMPREPLY=(); return ;;
        --chunk-tokens) COMPREPLY=(); return ;;
        --overlap-tokens) COMPREPLY=(); return ;;
        --tokenizer) _forgelm_files -f; return ;;
        --input-encoding) COMPREPLY=(); return ;;
        --page-range) COMPREPLY=(); return ;;
        --language-hint) COMPREPLY=(); return ;;
        --script-sanity-threshold) COMPREPLY=(); return ;;
        --normalise-profile) COMPREPLY=($(compgen -W 'none turkish' -- "$current")); return ;;
        --strip-pattern) COMPREPLY=(); return ;;
        --strip-urls) COMPREPLY=($(compgen -W 'keep mask strip' -- "$current")); return ;;
        --role) COMPREPLY=(); return ;;
        --role-preset) COMPREPLY=($(compgen -W 'default markdown-bold human-ai chatml xml' -- "$current")); return ;;
        --system-prompt) COMPREPLY=(); return ;;
        --separator) COMPREPLY=(); return ;;
        --min-turns) COMPREPLY=(); return ;;
        --max-turns) COMPREPLY=(); return ;;
        --min-turn-chars) COMPREPLY=(); return ;;
        --max-turn-chars) COMPREPLY=(); return ;;
        --config) _forgelm_files -f; return ;;
        --provenance-header) COMPREPLY=(); return ;;
        --jobs) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output --recursive --strategy --chunk-size --overlap --chunk-tokens --overlap-tokens --tokenizer --input-encoding --keep-md-frontmatter --page-range --keep-frontmatter --epub-no-skip-frontmatter --language-hint --script-sanity-threshold --normalise-profile --no-normalise-unicode --strip-pattern --strip-pattern-no-timeout --strip-urls --pii-mask --secrets-mask --all-mask --no-quality-presignal --role --role-preset --role-regex --case-sensitive --system-prompt --separator --min-turns --max-turns --min-turn-chars --max-turn-chars --keep-unanswered --config --provenance-header --metadata --resume --jobs --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'purge')
      case $previous in
        --row-id) COMPREPLY=(); return ;;
        --run-id) COMPREPLY=(); return ;;
        --corpus) _forgelm_files -f; return ;;
        --row-matches) COMPREPLY=($(compgen -W 'one all' -- "$current")); return ;;
        --kind) COMPREPLY=($(compgen -W 'staging artefacts' -- "$current")); return ;;
        --output-dir) _forgelm_files -d; return ;;
        --config) _forgelm_files -f; return ;;
        --justification) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--row-id --run-id --check-policy --corpus --row-matches --kind --output-dir --config --justification --dry-run --output-format --quiet --log-level --color --help' -- "$current")); fi ;;
    'reject')
      case $previous in
        --output-dir) _forgelm_files -f; return ;;
        --config) _forgelm_files -f; return ;;
        --comment) COMPREPLY=(); return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-dir --config --comment --output-format --quiet --log-level --color --help' -- "$current")); else COMPREPLY=(); fi ;;
    'reverse-pii')
      case $previous in
        --query) COMPREPLY=(); return ;;
        --type) COMPREPLY=($(compgen -W 'literal email phone tr_id us_ssn iban credit_card custom' -- "$current")); return ;;
        --salt-source) COMPREPLY=($(compgen -W 'per_dir env_var' -- "$current")); return ;;
        --output-dir) _forgelm_files -d; return ;;
        --audit-dir) _forgelm_files -d; return ;;
        --config) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--query --type --salt-source --output-dir --audit-dir --config --no-excerpts --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'sign')
      case $previous in
        --sign-key) _forgelm_files -f; return ;;
        --output) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--sign-key --output --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -d; fi ;;
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
    'verify-annex-iv')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--pipeline --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'verify-audit')
      case $previous in
        --hmac-secret-env) COMPREPLY=(); return ;;
        --anchor) _forgelm_files -f; return ;;
        --public-key) _forgelm_files -f; return ;;
        --prove) COMPREPLY=(); return ;;
        --consistency-from) _forgelm_files -f; return ;;
        --output) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--hmac-secret-env --require-hmac --anchor --public-key --prove --consistency-from --output --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'verify-gguf')
      case $previous in
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -f; fi ;;
    'verify-integrity')
      case $previous in
        --public-key) _forgelm_files -f; return ;;
        --signature) _forgelm_files -f; return ;;
        --output-format) COMPREPLY=($(compgen -W 'text json github' -- "$current")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'DEBUG INFO WARNING ERROR' -- "$current")); return ;;
        --color) COMPREPLY=($(compgen -W 'auto always never' -- "$current")); return ;;
      esac
      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '--public-key --signature --output-format --quiet --log-level --color --help' -- "$current")); else _forgelm_files -d; fi ;;
  esac
}
complete -F _forgelm forgelm
