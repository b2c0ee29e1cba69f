// tokenizer.json as the parts of a pipeline.
#pragma once

#include <string>
#include <string_view>

#include "pipeline.hpp"

namespace forgelm::text {

/// `bytes` of the file `file`. ConfigError names file and place.
PipelineParts read_tokenizer_json(std::string_view bytes, const std::string& file);

/// Puts another post-processor in the place of a pipeline's; `tokenizer` must be one of make_pipeline's, not yet in
/// use.
void replace_post_processor(Tokenizer& tokenizer, const Json& post_processor, const std::string& file);

}  // namespace forgelm::text
