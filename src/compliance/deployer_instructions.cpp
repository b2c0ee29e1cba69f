// Instructions for use (Article 13), for whoever deploys the model: the reference's sections, filled with what the job
// says. What the job says is escaped: it can make no heading, link or table of its own.
#include <algorithm>
#include <cstdio>

#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"
#include "report.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::string_view kSpecials = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\n') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      out += ' ';
      continue;
    }
    if (kSpecials.find(c) != kSpecials.npos) out += '\\';
    out += c;
  }
  return std::string(trim(out));
}

std::string said(std::string_view text) { return text.empty() ? std::string("Not specified") : escaped(text); }

std::string value_text(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

std::string metrics_table(const RunFacts& facts) {
  if (!facts.run) return "No run was recorded; this document was exported from the job alone.\n";
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [name, value] : facts.run->metrics.members())
    if (value.kind() == Json::Kind::real) rows.emplace_back(name, value_text(value.real()));
  std::sort(rows.begin(), rows.end());
  std::string out = "| Metric | Value |\n|--------|-------|\n";
  for (const auto& [name, text] : rows) out += cat("| ", escaped(name), " | ", text, " |\n");
  return out;
}

std::string hardware(const config::ComplianceSection* section, const RunFacts& facts) {
  std::string out;
  if (section != nullptr && !section->hardware_requirements.empty())
    out += cat("- ", escaped(section->hardware_requirements), "\n");
  if (facts.run && facts.run->compute.num_weights > 0) {
    const auto weights = static_cast<double>(facts.run->compute.num_weights);
    const double gib = 1024.0 * 1024 * 1024;
    out += cat("- ", grouped(static_cast<std::int64_t>(facts.run->compute.num_weights)),
               " weights: ", value_text(weights * 2 / gib), " GiB in 16 bits, ", value_text(weights / 2 / gib),
               " GiB in 4 bits, and room for the context beside them.\n");
  }
  return out.empty() ? "Not specified\n" : out;
}

std::string oversight(const config::JobConfig& job) {
  std::string out;
  if (job.compliance && !job.compliance->human_oversight.empty())
    out += cat("- ", escaped(job.compliance->human_oversight), "\n");
  out +=
      "- A qualified person reviews outputs before they are used in decisions of consequence, and can override or "
      "discard them.\n";
  if (job.evaluation && job.evaluation->require_human_approval)
    out += "- This model was to be approved by a person before it was released; the audit log names who did.\n";
  return out;
}

std::string model_name(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::string deployer_instructions(const config::LoadedJob& loaded, const RunFacts& facts,
                                  const std::string& model_location) {
  const config::JobConfig& job = loaded.job;
  const config::ComplianceSection* section = job.compliance ? &*job.compliance : nullptr;
  const std::string name = said(section != nullptr ? section->system_name : model_name(job.model.name_or_path));
  std::string out =
      cat("# Deployer Instructions: ", name, "\n\n> Written by forgelm ", version(),
          " after Article 13 of Regulation (EU) 2024/1689.\n"
          "> For those who deploy this model.\n\n## 1. System Identity\n\n| Field | Value |\n|-------|-------|\n");
  const auto row = [&](std::string_view field, const std::string& value) {
    out += cat("| ", field, " | ", value, " |\n");
  };
  row("System Name", name);
  if (section != nullptr && !section->system_version.empty()) row("System Version", escaped(section->system_version));
  row("Provider", said(section != nullptr ? section->provider_name : ""));
  if (section != nullptr && !section->provider_contact.empty()) row("Contact", escaped(section->provider_contact));
  row("Base Model", said(job.model.name_or_path));
  row("Fine-Tuning Method", said(adapter_method(job, facts)));
  row("Model Location", said(model_location));
  out += cat("\n## 2. Intended Purpose\n\n", said(section != nullptr ? section->intended_purpose : ""), "\n");
  if (section != nullptr && !section->input_specification.empty())
    out += cat("\nInput: ", escaped(section->input_specification), "\n");
  out += cat("\n## 3. Known Limitations\n\n", said(section != nullptr ? section->known_limitations : ""),
             "\n\n**This model should NOT be used for:**\n\n");
  if (job.risk_assessment && !job.risk_assessment->foreseeable_misuse.empty())
    for (const std::string& misuse : job.risk_assessment->foreseeable_misuse) out += cat("- ", escaped(misuse), "\n");
  else out += "- Use cases not covered by the intended purpose above\n";
  out +=
      cat("\n## 4. Performance Metrics\n\n", metrics_table(facts), "\n## 5. Human Oversight Requirements\n\n",
          oversight(job), "\n## 6. Hardware Requirements\n\n", hardware(section, facts),
          "\n## 7. Incident Reporting\n\nIf the model gives harmful, biased or wrong outputs in use:\n\n"
          "1. Keep the input that caused it, and the output.\n"
          "2. Stop using the model for that use case.\n"
          "3. Report to the provider at once",
          section != nullptr && !section->provider_contact.empty() ? cat(": ", escaped(section->provider_contact)) : "",
          ".\n");
  return out;
}

}  // namespace forgelm::compliance
