// The text side of a model that is written: its tokenizer's files, with the chat template that it was trained with.
#pragma once

#include <filesystem>

#include "forgelm/config/job.hpp"
#include "forgelm/data/model_text.hpp"

namespace forgelm::pipeline {

/// Copies the tokenizer of the job's model to `folder`. When it was trained with another template than the
/// tokenizer's own, that one is written as chat_template.jinja, and what the files say otherwise is left out, so that
/// whoever loads the folder renders conversations as they were learnt.
void write_tokenizer_files(const config::ModelSection& model, const data::ModelText& text,
                           const std::filesystem::path& folder);

}  // namespace forgelm::pipeline
