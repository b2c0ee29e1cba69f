#include "forgelm/core/redact.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace forgelm {
namespace {

using Secrets = std::vector<std::string>;

// Replaced as a whole on each registration, so that readers never wait. Never destroyed: log lines are written late.
struct Registry {
  std::mutex writing;
  std::atomic<const Secrets*> current{nullptr};
  std::vector<std::unique_ptr<const Secrets>> versions;
};

Registry& registry() {
  static auto& instance = *new Registry;
  return instance;
}

}  // namespace

bool register_secret(std::string_view value) {
  if (value.size() < kMinSecretBytes) return false;
  Registry& all = registry();
  const std::lock_guard lock(all.writing);
  const Secrets* known = all.current.load();
  if (known != nullptr && std::find(known->begin(), known->end(), value) != known->end()) return true;
  auto next = known != nullptr ? std::make_unique<Secrets>(*known) : std::make_unique<Secrets>();
  next->emplace_back(value);
  all.versions.push_back(std::move(next));
  all.current.store(all.versions.back().get());
  return true;
}

std::string redact(std::string_view text) {
  const Secrets* secrets = registry().current.load();
  if (secrets == nullptr) return std::string(text);
  // All matches first, then one replacement for each connected stretch: replacing one by one would leave the tail of a
  // secret whose head overlaps another.
  std::vector<std::pair<std::size_t, std::size_t>> stretches;
  for (const std::string& secret : *secrets)
    for (std::size_t at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + 1))
      stretches.emplace_back(at, at + secret.size());
  if (stretches.empty()) return std::string(text);
  std::sort(stretches.begin(), stretches.end());
  std::string out;
  std::size_t done = 0;
  for (std::size_t i = 0; i < stretches.size();) {
    const std::size_t begin = stretches[i].first;
    std::size_t end = stretches[i].second;
    while (++i < stretches.size() && stretches[i].first < end) end = std::max(end, stretches[i].second);
    out.append(text, done, begin - done).append("***");
    done = end;
  }
  return out.append(text.substr(done));
}

}  // namespace forgelm
