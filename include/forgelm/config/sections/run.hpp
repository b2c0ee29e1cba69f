// `run`, `registry`, `ingest`: how a run is named and bounded, where its model is registered, how documents are read.
// All keys here are forgelm's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/fields.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::config {

FORGELM_CHOICES(RegistryStage, staging, candidate, production, archived)

struct RetrySection {
  std::int64_t max = 0;
  std::vector<std::string> on = {"device", "io", "killed"};
  double backoff_s = 30.0;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto control = served_by(Capability::run_control);
    rows(field<&RetrySection::max>, "How often a failed run is started again from its last checkpoint.", at_least(0),
         added, control);
    rows(field<&RetrySection::on>, "Kinds of failure that are retried: device, io, killed.", pattern("retry_kinds"),
         added, control);
    rows(field<&RetrySection::backoff_s>, "Seconds before the first retry; doubled each time.", at_least(0), finite,
         added, control);
  }
};

struct RunSection {
  std::string name;
  std::vector<std::string> tags = {};
  std::string project = "default";
  std::int64_t priority = 0;
  std::optional<std::int64_t> timeout;
  std::optional<double> max_cost;
  std::optional<RetrySection> retry;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto control = served_by(Capability::run_control);
    rows(field<&RunSection::name>, "Name of the run.", added, control);
    rows(field<&RunSection::tags>, "Words to find the run by.", added, control);
    rows(field<&RunSection::project>, "Project that the run belongs to.", added, control);
    rows(field<&RunSection::priority>, "Place in the queue; higher runs first.", added, control);
    rows(field<&RunSection::timeout>, "Seconds after which the run saves a checkpoint and stops.", at_least(1), added,
         control);
    rows(field<&RunSection::max_cost>, "Cost in USD at which the run saves a checkpoint and stops.", above(0), finite,
         added, control);
    rows(field<&RunSection::retry>, "What happens after a failure.", added);
  }
};

struct RegistrySection {
  std::optional<std::string> name;
  std::optional<std::string> version;
  RegistryStage stage = RegistryStage::staging;
  std::optional<double> min_eval_score;
  std::optional<RegistryStage> push_min_stage;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = RegistrySection;
    constexpr auto registry = served_by(Capability::registry);
    rows(field<&S::name>, "Name that the model is registered under.", added, registry);
    rows(field<&S::version>, "Its version; null counts up.", added, registry);
    rows(field<&S::stage>, "Stage that it enters.", added, registry);
    rows(field<&S::min_eval_score>, "Score below which it is not promoted.", at_least(0), at_most(1), finite, added,
         registry);
    rows(field<&S::push_min_stage>, "Lowest stage that may be pushed to the Hub.", added, registry);
  }
};

struct IngestSection {
  Json participants = Json::object();
  bool use_regex = false;
  bool case_sensitive = true;
  bool quality = true;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = IngestSection;
    constexpr auto ingestion = served_by(Capability::ingestion);
    rows(field<&S::participants>, "Role -> name of the speaker in transcripts.", added, ingestion);
    rows(field<&S::use_regex>, "Read the names as regular expressions.", added, ingestion);
    rows(field<&S::case_sensitive>, "Whether the case of names matters.", added, ingestion);
    rows(field<&S::quality>, "Judge the quality of the chunks.", added, ingestion);
  }
};

}  // namespace forgelm::config
