// A tokenizer whose tokens are bytes: id = byte + 3, with <s> = 0, </s> = 1 and <pad> = 2. Expected ids can be counted
// by hand.
#pragma once

#include <memory>
#include <string>

#include "forgelm/text/tokenizer.hpp"

namespace forgelm::test {

class ByteTokenizer final : public text::Tokenizer {
 public:
  static constexpr text::TokenId kBos = 0, kEos = 1, kPad = 2, kFirstByte = 3;

  explicit ByteTokenizer(bool adds_bos = true, bool adds_eos = false) : adds_bos_(adds_bos), adds_eos_(adds_eos) {
    config_.bos = text::SpecialToken{"<s>", kBos};
    config_.eos = text::SpecialToken{"</s>", kEos};
    config_.pad = text::SpecialToken{"<pad>", kPad};
    config_.add_bos_token = adds_bos;
    config_.add_eos_token = adds_eos;
    digest_ = "bytes";
  }

  void encode(std::string_view text, const text::EncodeOptions& options, text::Encoding& out) const override {
    out.ids.clear();
    out.spans.clear();
    const auto add = [&](text::TokenId id, std::size_t begin, std::size_t end) {
      out.ids.push_back(id);
      if (options.with_spans) out.spans.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    };
    if (options.add_special_tokens && adds_bos_) add(kBos, 0, 0);
    for (std::size_t at = 0; at < text.size();) {
      std::size_t length = 1;
      text::TokenId id = kFirstByte + static_cast<unsigned char>(text[at]);
      if (options.parse_special_tokens)
        for (const text::TokenId special : {kBos, kEos, kPad})
          if (const std::string name = token_of(special); text.substr(at).starts_with(name)) {
            id = special;
            length = name.size();
          }
      add(id, at, at + length);
      at += length;
    }
    if (options.add_special_tokens && adds_eos_) add(kEos, text.size(), text.size());
  }
  using text::Tokenizer::encode;

  std::string decode(std::span<const text::TokenId> ids, const text::DecodeOptions& options = {}) const override {
    std::string out;
    for (const auto id : ids)
      if (!is_special(id)) out += static_cast<char>(id - kFirstByte);
      else if (!options.skip_special_tokens) out += token_of(id);
    return out;
  }
  std::size_t vocab_size() const noexcept override { return 256 + kFirstByte; }
  std::optional<text::TokenId> id_of(std::string_view token) const override {
    for (text::TokenId id = 0; id < kFirstByte; ++id)
      if (token_of(id) == token) return id;
    if (token.size() == 1) return kFirstByte + static_cast<unsigned char>(token[0]);
    return std::nullopt;
  }
  std::string token_of(text::TokenId id) const override {
    static const char* const kSpecial[] = {"<s>", "</s>", "<pad>"};
    return id < kFirstByte ? kSpecial[id] : std::string(1, static_cast<char>(id - kFirstByte));
  }
  bool is_special(text::TokenId id) const override { return id < kFirstByte; }
  text::TokenizerKind kind() const noexcept override { return text::TokenizerKind::tokenizer_json; }

 private:
  bool adds_bos_;
  bool adds_eos_;
};

}  // namespace forgelm::test
