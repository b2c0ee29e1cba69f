// `data`: which rows are read, how they are mixed, and what of them is learnt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/fields.hpp"
#include "forgelm/core/json.hpp"

namespace forgelm::config {

FORGELM_CHOICES(MixStrategy, weights, anchor, budget)
FORGELM_CHOICES(TrainOn, assistant, all)
FORGELM_CHOICES(LengthPolicy, truncate, drop, split, error)
FORGELM_CHOICES(DataTask, chat, completion, summarization, question_answering)

struct GovernanceSection {
  std::string collection_method;
  std::string annotation_process;
  std::string known_biases;
  bool personal_data_included = false;
  bool dpia_completed = false;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto record = served_by(Capability::compliance_record);
    rows(field<&GovernanceSection::collection_method>, "How the data was collected.", record);
    rows(field<&GovernanceSection::annotation_process>, "How the data was labelled.", record);
    rows(field<&GovernanceSection::known_biases>, "Biases that are known.", record);
    rows(field<&GovernanceSection::personal_data_included>, "Whether the data holds personal data.", record);
    rows(field<&GovernanceSection::dpia_completed>, "Whether a data protection impact assessment was made.", record);
  }
};

struct DataSection {
  std::string dataset_name_or_path;
  std::optional<std::vector<std::string>> extra_datasets;
  std::optional<std::vector<double>> mix_ratio;
  bool shuffle = true;
  bool clean_text = true;
  bool add_eos = true;
  std::optional<GovernanceSection> governance;
  std::optional<std::string> dataset_ref;
  bool require_audit = false;
  DataTask task = DataTask::chat;
  Json columns = Json::object();
  std::string eval_split = "auto";
  std::int64_t min_examples = 1;
  std::optional<std::int64_t> max_train_examples;
  MixStrategy mix_strategy = MixStrategy::weights;
  std::optional<std::int64_t> min_response_tokens;
  std::optional<std::int64_t> max_response_tokens;
  TrainOn train_on = TrainOn::assistant;
  LengthPolicy length_policy = LengthPolicy::truncate;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto reading = served_by(Capability::data_reading);
    constexpr auto mixing = served_by(Capability::data_mixing);
    constexpr auto registered = served_by(Capability::data_registry);
    rows(field<&DataSection::dataset_name_or_path>,
         "File (.jsonl, .json, .csv, .parquet, .txt), directory, or data set on the Hub.", example("data/train.jsonl"),
         wizard, names_path, reading);
    rows(field<&DataSection::extra_datasets>, "Further data sets whose rows are added to the training split.",
         names_path, mixing);
    rows(field<&DataSection::mix_ratio>, "One weight per data set, the primary one first; none may be negative.",
         at_least(0), finite, mixing);
    rows(field<&DataSection::shuffle>, "Shuffle the training split once before training.", reading);
    rows(field<&DataSection::clean_text>,
         "Normalise control characters and repeated blanks; line breaks and indentation stay.", reading);
    rows(field<&DataSection::add_eos>, "End every example with the end-of-sequence token.", reading);
    rows(field<&DataSection::governance>, "Statements about the data for the compliance record.");
    rows(field<&DataSection::dataset_ref>,
         "A registered data set as `name@version`, used instead of the path; its digest is checked.", added,
         registered);
    rows(field<&DataSection::require_audit>,
         "Train only on data that a passing audit covers, by digest; otherwise the run ends with exit code 3.", added,
         registered);
    rows(field<&DataSection::task>, "What the rows are for; decides how plain columns are rendered.", added, reading);
    rows(field<&DataSection::columns>, "Renames columns: the name forgelm knows -> the name in the file.", added,
         reading);
    rows(field<&DataSection::eval_split>,
         "Split to evaluate on; `auto` takes `validation`, then `test`, then a part of the rows; `none` evaluates "
         "nothing.",
         added, reading);
    rows(field<&DataSection::min_examples>, "Refuse to train on fewer rows than this.", at_least(1), added, reading);
    rows(field<&DataSection::max_train_examples>, "Use at most this many training rows.", at_least(1), added, reading);
    rows(field<&DataSection::mix_strategy>,
         "How `mix_ratio` is read: shares of the largest set, shares beside the whole first set, or shares of "
         "`max_train_examples`.",
         added, mixing);
    rows(field<&DataSection::min_response_tokens>, "Drop rows whose response is shorter.", at_least(0), added, reading);
    rows(field<&DataSection::max_response_tokens>, "Drop rows whose response is longer.", at_least(1), added, reading);
    rows(field<&DataSection::train_on>, "Which tokens are learnt: the assistant's turns, or all.", added, reading);
    rows(field<&DataSection::length_policy>, "What happens to rows longer than `model.max_length`.", added, reading);
  }
};

}  // namespace forgelm::config
