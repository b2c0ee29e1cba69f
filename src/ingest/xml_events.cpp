#include "xml_events.hpp"

#include <expat.h>

#include <exception>
#include <memory>
#include <new>
#include <type_traits>

#include "forgelm/core/text.hpp"

namespace forgelm::ingest {
namespace {

constexpr int kMaxDepth = 256;
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr char kSeparator = ' ';  // no namespace holds one

XmlName split(const char* name) {
  const std::string_view whole = name;
  const std::size_t at = whole.rfind(kSeparator);
  return at == std::string_view::npos ? XmlName{{}, whole} : XmlName{whole.substr(0, at), whole.substr(at + 1)};
}

struct FreeParser {
  void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
};

/// expat is C: nothing may be thrown through it.
struct State {
  XML_Parser parser = nullptr;
  XmlHandler* handler = nullptr;
  int depth = 0;
  std::string refusal = {};
  std::exception_ptr thrown = {};

  void refuse(std::string why) {
    refusal = std::move(why);
    XML_StopParser(parser, XML_FALSE);
  }
  template <class Call>
  void guarded(Call call) noexcept {
    if (thrown) return;
    try {
      call();
    } catch (...) {
      thrown = std::current_exception();
      XML_StopParser(parser, XML_FALSE);
    }
  }
};

State& state_of(void* data) { return *static_cast<State*>(data); }

void on_start(void* data, const XML_Char* name, const XML_Char** attributes) {
  State& state = state_of(data);
  if (++state.depth > kMaxDepth) return state.refuse(cat("elements nest deeper than ", kMaxDepth));
  state.guarded([&] { state.handler->start(split(name), XmlAttributes(attributes)); });
}

void on_end(void* data, const XML_Char* name) {
  State& state = state_of(data);
  --state.depth;
  state.guarded([&] { state.handler->end(split(name)); });
}

void on_text(void* data, const XML_Char* text, int size) {
  state_of(data).guarded([&] { state_of(data).handler->characters({text, static_cast<std::size_t>(size)}); });
}

void on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int has_internal_subset) {
  if (has_internal_subset != 0)
    state_of(data).refuse("it declares a document type of its own, whose entities could expand without bound");
}

}  // namespace

std::string_view XmlAttributes::get(std::string_view local) const noexcept {
  for (const char* const* at = list_; *at != nullptr; at += 2)
    if (split(*at).local == local) return at[1];
  return {};
}

Result<bool> read_xml(std::string_view bytes, XmlHandler& handler) {
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser> parser(XML_ParserCreateNS(nullptr, kSeparator));
  if (!parser) throw std::bad_alloc();
  State state{parser.get(), &handler};
  XML_SetUserData(parser.get(), &state);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
  XML_Status status = XML_STATUS_OK;
  for (std::size_t at = 0; status == XML_STATUS_OK;) {
    const std::string_view piece = bytes.substr(at, kPiece);
    at += piece.size();
    const bool is_last = at == bytes.size();
    status = XML_Parse(parser.get(), piece.data(), static_cast<int>(piece.size()), is_last ? 1 : 0);
    if (is_last) break;
  }
  if (state.thrown) std::rethrow_exception(state.thrown);
  const std::string line = cat("line ", static_cast<std::uint64_t>(XML_GetCurrentLineNumber(parser.get())), ": ");
  if (!state.refusal.empty()) return Failure{line + state.refusal};
  if (status != XML_STATUS_OK) return Failure{line + XML_ErrorString(XML_GetErrorCode(parser.get()))};
  return true;
}

}  // namespace forgelm::ingest
