// What the loaders of loaders.hpp share: the tokens that stand outside the model, the template that adds them, the
// digest of all that decides what encode() gives.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/text/tokenizer.hpp"
#include "pipeline.hpp"

namespace forgelm::text {

/// Adds to `added` what the configuration names: its added tokens, then bos, eos, unk and pad where they are not there.
/// One without an id gets the model's (`id_of`), else the next free one from `next_id` on; one whose id or content is
/// there already takes its place. Fills in the ids of the configuration's special tokens.
void add_configured_tokens(TokenizerConfig& config,
                           const std::function<std::optional<TokenId>(std::string_view)>& id_of, TokenId next_id,
                           std::vector<AddedToken>& added);

/// A TemplateProcessing that puts these tokens (with ids) before and after the text; null when there are none.
Json make_template(const std::optional<SpecialToken>& before, const std::optional<SpecialToken>& after);

/// A Sequence of a Split by `pattern` (matches isolated) and ByteLevel without its own pattern.
Json make_byte_level_split(std::string_view pattern);

/// The ByteLevel decoder.
Json make_byte_level_decoder();

/// SHA-256 (hex) over the files' bytes and over what the configuration adds to them.
std::string digest_of(std::initializer_list<std::string_view> files, const PipelineParts& parts);

}  // namespace forgelm::text
