// How long rows are in tokens: each row on the way that training takes (row format, chat template, tokenizer), so that
// what is counted here is what is cut there. Invariant: a row that no row format fits is measured as its text, so that
// every row with a text has a length.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "forgelm/config/job.hpp"
#include "forgelm/data/example_builder.hpp"
#include "forgelm/data/row_converter.hpp"

namespace forgelm::audit {

/// Immutable; shared between threads.
class TokenMeasure {
 public:
  /// `path`: a model folder, or a tokenizer file. Rows are read as the trainer would that their columns suit.
  /// `max_length`: else the tokenizer's model_max_length, if its files name one. ConfigError as Tokenizer::load.
  TokenMeasure(const std::filesystem::path& path, std::optional<std::int64_t> max_length);
  /// Tokenizer, template, columns and model.max_length (unless `max_length` is given) of a job. ConfigError as
  /// load_model_text.
  TokenMeasure(const config::JobConfig& job, std::optional<std::int64_t> max_length);

  const data::ExampleBuilder& builder() const noexcept { return *builder_; }
  std::optional<std::int64_t> max_length() const noexcept { return max_length_; }
  const std::string& source() const noexcept { return source_; }

  /// The converter for the rows of a file; nothing where no row format fits them, or a sample takes several rows.
  std::optional<data::RowConverter> converter_for(const std::filesystem::path& file) const;

 private:
  std::string source_;  ///< the path, or the job's model
  std::shared_ptr<const data::ExampleBuilder> builder_;
  std::optional<data::RowRules> rules_;  ///< a job's
  std::optional<std::int64_t> max_length_;
};

}  // namespace forgelm::audit
