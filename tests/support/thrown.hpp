// What a person would read of the error that some work ends with.
#pragma once

#include <string>

#include "forgelm/core/text.hpp"

namespace forgelm::test {

/// "MESSAGE | HINT" of the Error that `work` throws, or "no error".
template <class Error, class Work>
std::string message_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return cat(error.what(), " | ", error.hint());
  }
  return "no error";
}

}  // namespace forgelm::test
