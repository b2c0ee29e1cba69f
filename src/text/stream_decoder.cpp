// StreamDecoder, and a decoding in steps for tokenizers without stages of their own: it decodes all ids anew for each
// and gives out what has become longer, but for U+FFFD at the end, which later bytes may complete.
#include "forgelm/core/text.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

class WholeDecodeState final : public DecodeState {
 public:
  WholeDecodeState(const Tokenizer& tokenizer, const DecodeOptions& options)
      : tokenizer_(tokenizer), options_(options) {}

  std::string push(TokenId id) override {
    ids_.push_back(id);
    std::string text = tokenizer_.decode(ids_, options_);
    while (text.size() > num_given_ &&
           std::string_view(text).substr(text.size() - std::min(text.size(), kReplacement.size())) == kReplacement)
      text.resize(text.size() - kReplacement.size());
    return take(text);
  }
  std::string finish() override { return take(tokenizer_.decode(ids_, options_)); }

 private:
  std::string take(const std::string& text) {
    if (text.size() <= num_given_) return "";
    std::string out = text.substr(num_given_);
    num_given_ = text.size();
    return out;
  }
  const Tokenizer& tokenizer_;
  DecodeOptions options_;
  std::vector<TokenId> ids_;
  std::size_t num_given_ = 0;  // bytes
};

}  // namespace

DecodeState::~DecodeState() = default;

std::unique_ptr<DecodeState> Tokenizer::start_decoding(const DecodeOptions& options) const {
  return std::make_unique<WholeDecodeState>(*this, options);
}

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer, DecodeOptions options)
    : state_(tokenizer.start_decoding(options)) {}
StreamDecoder::~StreamDecoder() = default;
StreamDecoder::StreamDecoder(StreamDecoder&&) noexcept = default;
StreamDecoder& StreamDecoder::operator=(StreamDecoder&&) noexcept = default;

std::string StreamDecoder::push(TokenId id) { return state_->push(id); }
std::string StreamDecoder::finish() { return state_->finish(); }

}  // namespace forgelm::text
