// Loads, encodes three texts with and without spans, decodes at once and in steps.
#include "tokenizer_promise.hpp"

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "text/tokenizer_json.hpp"

namespace forgelm::test {
namespace {

using namespace forgelm::text;

std::string broken_on(const Tokenizer& tokenizer, std::string_view text) {
  EncodeOptions options;
  Encoding plain, with_spans;
  try {
    tokenizer.encode(text, options, plain);
    options.with_spans = true;
    tokenizer.encode(text, options, with_spans);
  } catch (const RunError&) {
    return "";
  }
  if (plain.ids != with_spans.ids) return "ids differ with and without spans";
  if (with_spans.spans.size() != with_spans.ids.size()) return "not one span a token";
  for (const ByteSpan& span : with_spans.spans)
    if (span.begin > span.end || span.end > text.size()) return "a span leaves the text";
  for (const TokenId id : plain.ids)
    if (id < 0 || static_cast<std::size_t>(id) >= tokenizer.vocab_size()) return "an id beyond vocab_size";
  std::string whole, streamed;
  try {
    whole = tokenizer.decode(plain.ids);
    StreamDecoder stream(tokenizer);
    for (const TokenId id : plain.ids) streamed += stream.push(id);
    streamed += stream.finish();
  } catch (const RunError&) {
    return "";
  }
  if (whole != streamed) return "decoding in steps differs from decoding at once";
  if (!is_valid_utf8(whole)) return "decoded text is not UTF-8";
  return "";
}

}  // namespace

std::string broken_tokenizer_promise(std::string_view bytes) {
  std::shared_ptr<Tokenizer> tokenizer;
  try {
    tokenizer = make_pipeline(read_tokenizer_json(bytes, "tokenizer.json"), "tokenizer.json");
  } catch (const ConfigError& error) {
    return std::string_view(error.what()).find("tokenizer.json") == std::string_view::npos
               ? cat("an error that does not name the file: ", error.what())
               : "";
  }
  for (const std::string_view text :
       {std::string_view("Hello, World! <s> it's  12 cafe\xCC\x81 \xC3\xA9\n"),
        std::string_view("\xE2\x96\x81\xE4\xBD\xA0\xE5\xA5\xBD [CLS] aaaaaaaa\x00\t\xF0\x9F\x91\x8D", 30),
        std::string_view("bad \xFF\xC3 bytes \xED\xA0\x80 ab")}) {
    if (std::string broken = broken_on(*tokenizer, text); !broken.empty()) return broken;
  }
  return "";
}

}  // namespace forgelm::test
