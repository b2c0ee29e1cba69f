// The one test header: Catch2 v2 or v3 behind it, and skips that are seen.
// FORGELM_SKIP(reason) ends a test case as skipped: the summary counts it, and tools/test fails on a skip whose test
// is not in tests/allowed_skips.txt.
#pragma once

#ifdef FORGELM_CATCH2_V3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace forgelm::test {

/// Notes that the running test case is skipped; shown and counted at the end of the run.
void note_skip(const std::string& reason);

}  // namespace forgelm::test

#define FORGELM_SKIP(reason)                                 \
  do {                                                       \
    ::forgelm::test::note_skip(reason);                      \
    SUCCEED("skipped: " << (reason)); /* v2 has no SKIP() */ \
    return;                                                  \
  } while (false)
