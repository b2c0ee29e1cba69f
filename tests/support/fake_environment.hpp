// An Environment that a test controls: time stands still until it is moved, random bytes count up, variables are a map.
#pragma once

#include <map>
#include <mutex>

#include "forgelm/core/env.hpp"

namespace forgelm::test {

class FakeEnvironment : public Environment {
 public:
  UtcTime utc_now() override { return now; }
  std::int64_t monotonic_ns() override { return monotonic; }
  void random_bytes(void* data, std::size_t size_bytes) override {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < size_bytes; ++i) static_cast<unsigned char*>(data)[i] = next_byte_++;
  }
  std::optional<std::string> variable(const std::string& name) override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<std::string> user_name() override { return user; }
  std::string host_name() override { return host; }

  UtcTime now{};
  std::int64_t monotonic = 0;
  std::map<std::string, std::string> variables;
  std::optional<std::string> user = "tester";
  std::string host = "testhost";

 private:
  std::mutex mutex_;
  unsigned char next_byte_ = 0;
};

}  // namespace forgelm::test
