// Texts become windows of tokens, windows of like lengths go through the
// encoder together, and each token's best label goes back to its text.
// Invariant: how windows are put together depends on the texts of the call
// alone.
#include "engine/encoder/token_classifier.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/encoder/encoder.hpp"
#include "engine/encoder/token_spans.hpp"
#include "engine/errors.hpp"
#include "engine/torch_device.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::engine {
namespace {

using text::Encoding;
using text::TokenId;
using text::Tokenizer;

/// Tokens [begin, end) of a text.
struct Window {
  std::size_t text = 0, begin = 0, end = 0;
  std::size_t size() const noexcept { return end - begin; }
};

/// What the tokenizer puts before and behind a text.
struct Frame {
  std::vector<TokenId> before, behind;
  std::size_t size() const noexcept { return before.size() + behind.size(); }
};

Frame frame_of(const Tokenizer& tokenizer, const std::filesystem::path& folder) {
  constexpr std::string_view kProbe = "a";
  const std::vector<TokenId> bare = tokenizer.encode(kProbe, {.add_special_tokens = false}).ids;
  const std::vector<TokenId> framed = tokenizer.encode(kProbe, {}).ids;
  const auto at = std::search(framed.begin(), framed.end(), bare.begin(), bare.end());
  if (bare.empty() || at == framed.end())
    throw ConfigError(cat(folder.string(),
                          ": the tokenizer changes what it frames, so that its "
                          "special tokens cannot ",
                          "be put around a part of a text"));
  return {{framed.begin(), at}, {at + static_cast<std::ptrdiff_t>(bare.size()), framed.end()}};
}

class EncoderClassifier final : public TokenClassifier {
 public:
  EncoderClassifier(const TokenClassifierRequest& request, const Device& device)
      : encoder_(request.folder, formats::read_encoder_config(request.folder), torch_device(device)),
        tokenizer_(Tokenizer::load(request.folder)),
        frame_(frame_of(*tokenizer_, request.folder)),
        max_batch_tokens_(request.max_batch_tokens) {
    const formats::EncoderConfig& config = encoder_.config();
    if (tokenizer_->vocab_size() > static_cast<std::size_t>(config.vocab_size))
      throw ConfigError(cat(request.folder.string(), ": the tokenizer has ids up to ", tokenizer_->vocab_size() - 1,
                            ", and the model has embeddings for ", config.vocab_size),
                        "the tokenizer must be the model's own");
    info_.architecture = config.architecture;
    info_.labels = config.labels;
    info_.max_tokens = config.max_tokens();
    if (const auto limit = tokenizer_->config().model_max_length; limit && *limit > 0)
      info_.max_tokens = std::min(info_.max_tokens, *limit);
    info_.overlap_tokens = request.overlap_tokens;
    info_.num_weights = encoder_.num_weights();
    info_.tokenizer_digest = tokenizer_->digest();
    info_.device = device;
    const std::int64_t room = info_.max_tokens - static_cast<std::int64_t>(frame_.size());
    if (request.overlap_tokens < 0 || request.overlap_tokens >= room)
      throw ConfigError(cat("windows that share ", request.overlap_tokens, " tokens"),
                        cat("a window of ", request.folder.string(), " has room for ", room, " tokens of a text"));
    if (request.max_batch_tokens < 1) throw ConfigError(cat("batches of ", request.max_batch_tokens, " tokens"));
  }

  const TokenClassifierInfo& info() const override { return info_; }

  std::vector<std::vector<LabelledSpan>> classify(std::span<const std::string_view> texts) override {
    return guarded("find labels in texts", [&] { return classify_texts(texts); });
  }

 private:
  std::vector<std::vector<LabelledSpan>> classify_texts(std::span<const std::string_view> texts) const {
    std::vector<Encoding> encodings(texts.size());
    std::vector<Window> windows;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      tokenizer_->encode(texts[i], {.add_special_tokens = false, .parse_special_tokens = false, .with_spans = true},
                         encodings[i]);
      add_windows(i, encodings[i].ids.size(), windows);
    }
    // Little padding: windows of one batch are nearly as long as each other.
    std::vector<std::size_t> order(windows.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return windows[a].size() > windows[b].size(); });
    std::vector<std::vector<LabelledSpan>> by_window(windows.size());
    for (std::size_t begin = 0; begin < order.size();) {
      const auto longest = static_cast<std::int64_t>(windows[order[begin]].size() + frame_.size());
      const auto fit = static_cast<std::size_t>(std::max<std::int64_t>(1, max_batch_tokens_ / longest));
      const std::size_t end = std::min(order.size(), begin + fit);
      run_batch(std::span(order).subspan(begin, end - begin), windows, encodings, by_window);
      begin = end;
    }
    std::vector<std::vector<LabelledSpan>> result(texts.size());
    for (std::size_t i = 0; i < windows.size();) {
      const std::size_t text = windows[i].text;
      std::vector<LabelledSpan>& spans = result[text];
      std::size_t num_windows = 0;
      for (; i < windows.size() && windows[i].text == text; ++i, ++num_windows)
        std::move(by_window[i].begin(), by_window[i].end(), std::back_inserter(spans));
      if (num_windows > 1) spans = merge_windows(std::move(spans));
    }
    return result;
  }

  /// As the tokenizers library cuts: each window shares overlap_tokens with the
  /// one before; the last may be short.
  void add_windows(std::size_t text, std::size_t num_tokens, std::vector<Window>& windows) const {
    const std::size_t room = static_cast<std::size_t>(info_.max_tokens) - frame_.size();
    const std::size_t step = room - static_cast<std::size_t>(info_.overlap_tokens);
    for (std::size_t begin = 0; begin < num_tokens; begin += step) {
      const std::size_t end = std::min(begin + room, num_tokens);
      windows.push_back({text, begin, end});
      if (end == num_tokens) break;
    }
  }

  void run_batch(std::span<const std::size_t> batch, const std::vector<Window>& windows,
                 const std::vector<Encoding>& encodings, std::vector<std::vector<LabelledSpan>>& by_window) const {
    const std::size_t longest = windows[batch.front()].size() + frame_.size();
    at::Tensor ids_BT =
        at::zeros({static_cast<std::int64_t>(batch.size()), static_cast<std::int64_t>(longest)}, at::kLong);
    std::vector<std::int64_t> lengths;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const Window& window = windows[batch[row]];
      const std::vector<TokenId>& ids = encodings[window.text].ids;
      std::int64_t* out = ids_BT.data_ptr<std::int64_t>() + row * longest;
      out = std::copy(frame_.before.begin(), frame_.before.end(), out);
      out = std::copy(ids.begin() + static_cast<std::ptrdiff_t>(window.begin),
                      ids.begin() + static_cast<std::ptrdiff_t>(window.end), out);
      std::copy(frame_.behind.begin(), frame_.behind.end(), out);
      lengths.push_back(static_cast<std::int64_t>(window.size() + frame_.size()));
    }
    const at::Tensor logits_BTL = encoder_.logits(ids_BT, lengths).to(at::kCPU).contiguous();
    const std::size_t num_labels = info_.labels.size();
    std::vector<TokenLabel> tokens;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const Window& window = windows[batch[row]];
      const float* logits = logits_BTL.const_data_ptr<float>() + (row * longest + frame_.before.size()) * num_labels;
      tokens.clear();
      for (std::size_t i = window.begin; i < window.end; ++i, logits += num_labels)
        tokens.push_back(best_label(std::span(logits, num_labels), encodings[window.text].spans[i]));
      by_window[batch[row]] = spans_of(tokens, info_.labels);
    }
  }

  static TokenLabel best_label(std::span<const float> logits, text::ByteSpan place) {
    const auto best = std::max_element(logits.begin(), logits.end());
    float sum = 0;
    for (const float logit : logits) sum += std::exp(logit - *best);
    if (!std::isfinite(sum))
      throw RunError(RunErrorKind::data, "the token classifier gives numbers that are not finite",
                     "its weights are damaged, or not those of its config.json");
    return {static_cast<std::size_t>(best - logits.begin()), 1.0F / sum, place};
  }

  Encoder encoder_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  Frame frame_;
  std::int64_t max_batch_tokens_;
  TokenClassifierInfo info_;
};

}  // namespace

std::unique_ptr<TokenClassifier> make_token_classifier(const TokenClassifierRequest& request, const Device& device) {
  return std::make_unique<EncoderClassifier>(request, device);
}

}  // namespace forgelm::engine
