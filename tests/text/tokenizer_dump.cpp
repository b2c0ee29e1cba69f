// For tools/golden/tokenizers/differential.py: reads one JSON string a line and writes, for each, one JSON line
// [ids, spans, decoded], or {"error": ...}.
//
//   tokenizer_dump TOKENIZER [--alone]     --alone: a tokenizer.json without the files beside it
#include <iostream>
#include <string>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/json.hpp"
#include "forgelm/text/tokenizer.hpp"
#include "text/tokenizer_json.hpp"

using namespace forgelm;
using namespace forgelm::text;

namespace {

std::shared_ptr<const Tokenizer> load(const std::string& path, bool is_alone) {
  if (!is_alone) return Tokenizer::load(path);
  return make_pipeline(read_tokenizer_json(read_file(path), path), path);
}

Json answer(const Tokenizer& tokenizer, const std::string& line) {
  EncodeOptions options;
  options.with_spans = true;
  options.add_special_tokens = false;
  const std::string text = parse_json(line).value().text();
  const Encoding found = tokenizer.encode(text, options);
  options.with_spans = false;
  if (tokenizer.encode(text, options).ids != found.ids)
    return Json::object({{"error", "ids differ with and without spans"}});
  Json spans = Json::array();
  for (const ByteSpan& span : found.spans) spans.push(span.begin).push(span.end);
  const std::string decoded = tokenizer.decode(found.ids);
  StreamDecoder stream(tokenizer);
  std::string streamed;
  for (const TokenId id : found.ids) streamed += stream.push(id);
  streamed += stream.finish();
  if (streamed != decoded) return Json::object({{"error", "decoding in steps differs"}});
  return Json::array({Json::array_of(found.ids), spans, decoded});
}

}  // namespace

int main(int num_arguments, char** arguments) {
  if (num_arguments < 2) return 1;
  try {
    const auto tokenizer = load(arguments[1], num_arguments > 2 && std::string(arguments[2]) == "--alone");
    std::string line;
    while (std::getline(std::cin, line)) {
      Json result;
      try {
        result = answer(*tokenizer, line);
      } catch (const Error& error) {
        result = Json::object({{"error", error.what()}});
      }
      std::cout << dump(result, {.compact = true}) << '\n';
    }
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
