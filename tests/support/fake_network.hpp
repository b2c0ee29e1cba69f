// Public names and addresses without a network: look-ups are answered from a table, and what would be dialled after
// passing the guard goes to the same port on loopback. So a test server can stand for any place in the world.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/http_dial.hpp"

namespace forgelm::test {

class FakeNetwork {
 public:
  FakeNetwork() {
    DialHooks hooks;
    hooks.look_up = [this](const std::string& host) { return look_up(host); };
    hooks.dial = [this](const DialTarget& target) {
      const std::lock_guard lock(mutex_);
      dialled_.push_back(to_string(target.address));
      return DialTarget{*parse_ip_address("127.0.0.1"), target.port};
    };
    set_dial_hooks(std::move(hooks));
  }
  ~FakeNetwork() { set_dial_hooks({}); }
  FakeNetwork(const FakeNetwork&) = delete;
  FakeNetwork& operator=(const FakeNetwork&) = delete;

  /// The answers to the first, second, ... look-up of a name; the last one stays.
  void name(const std::string& host, std::vector<std::vector<std::string>> answers) {
    names_[host] = std::move(answers);
  }
  int num_look_ups() const { return num_look_ups_; }
  const std::vector<std::string>& dialled() const { return dialled_; }

 private:
  std::vector<IpAddress> look_up(const std::string& host) {
    const std::lock_guard lock(mutex_);
    ++num_look_ups_;
    auto& answers = names_[host];
    if (answers.empty()) return {};
    std::vector<IpAddress> addresses;
    for (const std::string& text : answers.front()) addresses.push_back(*parse_ip_address(text));
    if (answers.size() > 1) answers.erase(answers.begin());
    return addresses;
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<std::vector<std::string>>> names_;
  int num_look_ups_ = 0;
  std::vector<std::string> dialled_;
};

/// The failure that `work` throws as HttpError; the test fails when it throws none.
template <class Work>
HttpError failure_of(Work work) {
  try {
    work();
  } catch (const HttpError& error) {
    return error;
  }
  throw std::logic_error("no HttpError was thrown");
}

}  // namespace forgelm::test
