// The parts of a DecoderModel: for decoder.cpp, which runs them, and for the loader, which makes them.
#pragma once

#include <memory>
#include <vector>

#include "engine/nn/decoder.hpp"
#include "engine/nn/decoder_block.hpp"
#include "engine/nn/embedding.hpp"
#include "engine/nn/norm.hpp"
#include "engine/nn/rotary.hpp"

namespace forgelm::engine {

struct DecoderModel::Parts {
  formats::ModelConfig config;
  at::Device device;
  at::ScalarType dtype;
  Rope rope;
  Embedding embedding;
  std::vector<DecoderBlock> blocks;
  RmsNorm norm;
  std::unique_ptr<Linear> head;  ///< its weight is the embedding's when the model ties them
};

}  // namespace forgelm::engine
