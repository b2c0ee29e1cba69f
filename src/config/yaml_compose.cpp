// The only file that sees yaml-cpp. Its parser is given the plain copy and reports events here; what it says with a
// mark is looked up in the tables of the copy. yaml-cpp numbers anchors from 1 in order of appearance.
#include "yaml_compose.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <sstream>
#include <unordered_map>

#include "yaml_resolve.hpp"

namespace forgelm::config::yaml {
namespace {

/// yaml-cpp does not understand what copy_structure wrote: a defect of ours, never the user's.
[[noreturn]] void fail_inside(const char* what) {
  throw Fault{"yaml_syntax", 0, 1, std::string("the file could not be read: ") + what, "", "please report this file"};
}

class Composer : public YAML::EventHandler {
 public:
  explicit Composer(PlainCopy& copy) : copy_(copy) {}

  Graph take() { return std::move(graph_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { fail_inside("a value is missing"); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) fail_inside("an anchor is missing");
    for (const NodeId open : open_)
      if (open == known->second) {
        const Origin origin = origin_of(mark);
        throw Fault{"yaml_alias",
                    origin.position,
                    origin.length,
                    "this alias stands inside the value that it refers to",
                    "an alias of a value that is complete",
                    ""};
      }
    add_to_parent(known->second);
  }

  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    ScalarSource& source = copy_.scalars.at(number_of(value));
    const NodeId id = add(GraphNode::Kind::scalar, anchor, source.origin);
    GraphNode& node = graph_.nodes[id];
    node.text = std::move(source.text);
    const std::string given = take_tag(tag, node);
    // Without a tag, plain text is resolved and quoted text is text; the tag "!" alone makes quoted text resolve too.
    if (given == "!" || (given.empty() && source.is_plain)) node.tag = resolve_tag(node.text);
    else node.tag = given.empty() ? kStrTag : given;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(GraphNode::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(GraphNode::Kind::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  Origin origin_of(const YAML::Mark& mark) const { return copy_.origins.at(static_cast<std::size_t>(mark.line)); }

  static std::size_t number_of(const std::string& digits) {
    std::size_t number = 0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (result.ec != std::errc{} || result.ptr != digits.data() + digits.size()) fail_inside("a number is missing");
    return number;
  }

  /// The tag as the file gives it, or "" when it gives none (yaml-cpp says "?", and "!" for text in quotes).
  std::string take_tag(const std::string& tag, GraphNode& node) {
    if (tag == "?" || tag == "!") return {};
    TagSource& source = copy_.tags.at(number_of(tag));
    node.tag_origin = source.origin;
    return std::move(source.text);
  }

  NodeId add(GraphNode::Kind kind, YAML::anchor_t anchor, Origin origin) {
    const NodeId id = static_cast<NodeId>(graph_.nodes.size());
    graph_.nodes.emplace_back();
    graph_.nodes[id].kind = kind;
    graph_.nodes[id].origin = origin;
    graph_.nodes[id].tag_origin = origin;
    add_to_parent(id);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = id;
    return id;
  }

  void add_to_parent(NodeId id) {
    if (!open_.empty()) graph_.nodes[open_.back()].items.push_back(id);
  }

  void open(GraphNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const NodeId id = add(kind, anchor, origin_of(mark));
    std::string given = take_tag(tag, graph_.nodes[id]);
    if (given.empty() || given == "!") given = kind == GraphNode::Kind::sequence ? kSeqTag : kMapTag;
    graph_.nodes[id].tag = std::move(given);
    open_.push_back(id);
  }

  PlainCopy& copy_;
  Graph graph_;
  std::vector<NodeId> open_;
  std::unordered_map<YAML::anchor_t, NodeId> anchors_;
};

}  // namespace

Graph compose(PlainCopy copy) {
  if (copy.text.empty()) return {};
  std::istringstream stream(copy.text);
  Composer composer(copy);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(composer)) fail_inside("no document");
  } catch (const YAML::Exception& error) {
    fail_inside(error.what());
  }
  return composer.take();
}

}  // namespace forgelm::config::yaml
