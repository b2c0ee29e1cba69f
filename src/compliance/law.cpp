// The one table of dates and thresholds.
#include "forgelm/compliance/law.hpp"

#include <stdexcept>

#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::string_view kOmnibus =
    "Regulation (EU) 2024/1689, Article 113, as changed by the Digital Omnibus on AI (European Parliament 16 June "
    "2026, "
    "Council 29 June 2026)";
constexpr std::string_view kGuidelines =
    "Commission guidelines on the scope of the obligations for providers of general-purpose AI models under Regulation "
    "(EU) 2024/1689, 18 July 2025";

constexpr LawEntry kTable[] = {
    {"high_risk_annex_iii_applies_from", "2027-12-02", 0,
     "Duties of providers of high-risk systems of Annex III apply from this day.", kOmnibus},
    {"high_risk_annex_i_applies_from", "2028-08-02", 0,
     "Duties of providers of high-risk systems of Annex I apply from this day.", kOmnibus},
    {"transparency_applies_from", "2026-08-02", 0, "Article 50 (transparency) applies from this day.",
     "Regulation (EU) 2024/1689, Article 113"},
    {"documentation_kept_years", "", 10,
     "Years after the system is placed on the market for which its technical documentation is kept.",
     "Regulation (EU) 2024/1689, Article 18(1)"},
    {"logs_kept_months", "", 6, "Months for which automatically generated logs are kept at least.",
     "Regulation (EU) 2024/1689, Articles 19(1) and 26(6)"},
    {"modifier_compute_share", "", 1.0 / 3.0,
     "Whoever modifies a general-purpose model with more than this share of its original training compute is the "
     "provider of a new one.",
     kGuidelines},
    {"gpai_indicative_flops", "", 1e23,
     "Training compute from which a model is indicatively a general-purpose model; a third of it is the threshold for "
     "a "
     "modifier who does not know the base model's.",
     kGuidelines},
    {"gpai_systemic_risk_flops", "", 1e25,
     "Training compute above which a general-purpose model is presumed to have high-impact capabilities.",
     "Regulation (EU) 2024/1689, Article 51(2)"},
    {"technical_documentation", "", 4, "The annex whose points technical documentation follows, in their order.",
     "Regulation (EU) 2024/1689, Article 11(1) and Annex IV"},
};

}  // namespace

std::span<const LawEntry> law_table() { return kTable; }

const LawEntry& law(std::string_view id) {
  for (const LawEntry& entry : kTable)
    if (entry.id == id) return entry;
  throw std::logic_error(cat("the table of law has no row ", quote(id)));
}

std::string_view law_table_as_of() { return "2026-11-21"; }

Json to_json(const LawEntry& entry) {
  Json out = Json::object({{"id", entry.id}});
  if (entry.date.empty()) out.set("number", entry.number);
  else out.set("date", entry.date);
  return out.set("what", entry.what).set("source", entry.source);
}

}  // namespace forgelm::compliance
