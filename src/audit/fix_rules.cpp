#include "forgelm/audit/fix.hpp"

#include <algorithm>

#include "entities.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"
#include "quality.hpp"

namespace forgelm::audit {
namespace {

constexpr std::string_view kTierPrefix = "pii-";

std::vector<std::string> known_subjects() {
  std::vector<std::string> all = {"secrets", "pii", "quality"};
  for (const std::string& tier : choices<Tier>()) all.push_back(cat(kTierPrefix, tier));
  for (const std::string& fault : choices<RowFault>()) all.push_back(fault);
  for (const char* const flag : kQualityFlags) all.emplace_back(flag);
  for (const Kind& kind : all_kinds().first(num_pattern_kinds())) all.emplace_back(kind.name);
  return all;
}

/// Whether a kind is meant: itself, its family, or its tier.
bool is_meant(const Kind& kind, std::string_view subject) {
  if (kind.name == subject) return true;
  if (kind.family == Family::secret) return subject == "secrets";
  return subject == "pii" || subject == cat(kTierPrefix, to_text(kind.tier));
}

}  // namespace

FixRules::FixRules() : kinds_(num_pattern_kinds()) {
  for (const char* const rule :
       {"secrets=mask", "pii=keep", "pii-critical=mask", "unreadable=drop", "encoding=mask", "no-text=drop",
        "exact-duplicates=drop", "near-duplicates=keep", "leaks=drop", "quality=keep"})
    set(rule);
}

void FixRules::set(std::string_view rule) {
  const std::size_t sign = rule.find('=');
  const std::string_view subject = rule.substr(0, sign);
  const auto action = sign == std::string_view::npos ? std::nullopt : from_text<FixAction>(rule.substr(sign + 1));
  if (!action)
    throw ConfigError(cat("--fix-rule ", quote(rule), " does not say what to do"),
                      "write WHAT=keep, WHAT=mask or WHAT=drop");
  for (const Kind& kind : all_kinds().subspan(num_pattern_kinds()))
    if (kind.name == subject)
      throw ConfigError(cat("--fix-rule ", quote(rule), ": names that a model finds are reported and stay in the copy"),
                        "a model is not certain enough to change data by it");
  const Setting setting{*action, std::string(rule)};
  bool is_known = false, is_maskable = false;
  for (std::size_t i = 0; i < kinds_.size(); ++i)
    if (is_meant(all_kinds()[i], subject)) {
      kinds_[i] = setting;
      is_known = is_maskable = true;
    }
  if (const auto fault = from_text<RowFault>(subject)) {
    faults_[static_cast<std::size_t>(*fault)] = setting;
    is_known = true;
    is_maskable = *fault == RowFault::encoding;
  }
  for (std::size_t i = 0; i < kQualityFlags.size(); ++i)
    if (subject == "quality" || subject == kQualityFlags[i]) {
      flags_[i] = setting;
      is_known = true;
    }
  if (!is_known) {
    const std::string near = nearest(subject, known_subjects());
    throw ConfigError(cat("--fix-rule ", quote(rule), ": ", quote(subject), " is nothing that the audit looks for"),
                      !near.empty()
                          ? cat("did you mean ", near, "?")
                          : "known are secrets, pii, pii-critical, unreadable, exact-duplicates, leaks, kinds "
                            "(credit_card), and the rest in docs/data-audit.md");
  }
  if (*action == FixAction::mask && !is_maskable)
    throw ConfigError(cat("--fix-rule ", quote(rule), ": a row's ", subject, " cannot be masked"),
                      cat("write ", subject, "=drop or ", subject, "=keep"));
}

Json FixRules::to_json() const {
  Json all = Json::object();
  for (std::size_t i = 0; i < faults_.size(); ++i)
    all.set(to_text(static_cast<RowFault>(i)), to_text(faults_[i].action));
  for (std::size_t i = 0; i < flags_.size(); ++i) all.set(kQualityFlags[i], to_text(flags_[i].action));
  for (std::size_t i = 0; i < kinds_.size(); ++i) all.set(std::string(all_kinds()[i].name), to_text(kinds_[i].action));
  return all;
}

}  // namespace forgelm::audit
