# Writes OUTPUT, a C++ file that holds the commit of SOURCE, when its text would change.
execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
# A checkout inside somebody else's repository is not ours: the project's root must be git's.
execute_process(COMMAND git -C "${SOURCE}" rev-parse --show-toplevel
  OUTPUT_VARIABLE root OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT status EQUAL 0 OR NOT root STREQUAL SOURCE)
  set(commit "unknown")
else()
  execute_process(COMMAND git -C "${SOURCE}" diff-index --quiet HEAD -- RESULT_VARIABLE is_dirty ERROR_QUIET)
  if(is_dirty)
    string(APPEND commit "-dirty")
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT
"// Generated; do not edit.
namespace forgelm {
extern const char* const kCommit;
const char* const kCommit = \"${commit}\";
}
")
