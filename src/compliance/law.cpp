// The one table of dates and thresholds.
#include "forgelm/compliance/law.hpp"

#include <stdexcept>

#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::string_view kAct =
    "Regulation (EU) 2024/1689 (OJ L, 2024/1689, 12.7.2024, ELI http://data.europa.eu/eli/reg/2024/1689/oj)";
constexpr std::string_view kOmnibus =
    "Regulation (EU) 2024/1689 as changed by the Digital Omnibus on AI, procedure 2025/0359 (COD) (European Parliament "
    "16 June 2026, Council 29 June 2026)";
constexpr std::string_view kGuidelines =
    "Commission guidelines on the scope of the obligations for providers of general-purpose AI models under Regulation "
    "(EU) 2024/1689, C(2025) 5045 final, 18 July 2025";

constexpr LawEntry kTable[] = {
    {"high_risk_annex_iii_applies_from", "2027-12-02", 0,
     "Duties of providers of high-risk systems of Annex III apply from this day.", "Article 113", kOmnibus},
    {"high_risk_annex_i_applies_from", "2028-08-02", 0,
     "Duties of providers of high-risk systems of Annex I apply from this day.", "Article 113", kOmnibus},
    {"transparency_applies_from", "2026-08-02", 0, "Article 50 (transparency) applies from this day.", "Article 113",
     kAct},
    {"transparency_marking_grace_until", "2026-12-02", 0,
     "Day until which Article 50(2) (marking of synthetic content) does not bind systems that were on the market "
     "before "
     "Article 50 applied.",
     "Article 111", kOmnibus},
    {"gpai_applies_from", "2025-08-02", 0,
     "Duties of providers of general-purpose AI models (Chapter V) apply from this day.", "Article 113, point (b)",
     kAct},
    {"documentation_kept_years", "", 10,
     "Years after the system is placed on the market for which its technical documentation is kept.", "Article 18(1)",
     kAct},
    {"logs_kept_months", "", 6, "Months for which automatically generated logs are kept at least.",
     "Articles 19(1) and 26(6)", kAct},
    {"modifier_compute_share", "", 1.0 / 3.0,
     "Whoever modifies a general-purpose model with more than this share of its original training compute is the "
     "provider of a new one.",
     "section on downstream modifiers", kGuidelines},
    {"gpai_indicative_flops", "", 1e23,
     "Training compute from which a model is indicatively a general-purpose model; a third of it is the threshold for "
     "a "
     "modifier who does not know the base model's.",
     "section on what is a general-purpose AI model", kGuidelines},
    {"gpai_systemic_risk_flops", "", 1e25,
     "Training compute above which a general-purpose model is presumed to have high-impact capabilities.",
     "Article 51(2)", kAct},
    {"technical_documentation", "", 4, "The annex whose points technical documentation follows, in their order.",
     "Article 11(1) and Annex IV", kAct},
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
  return out.set("what", entry.what).set("provision", entry.provision).set("source", entry.source);
}

}  // namespace forgelm::compliance
