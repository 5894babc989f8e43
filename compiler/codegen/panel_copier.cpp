#include "compiler/codegen/panel_copier.h"

namespace netc::codegen {

using kernel::Reach;
using llvm::Value;

PanelCopier::PanelCopier(Emitter& emitter, const kernel::ContractKernel& form)
    : e_(emitter),
      b_(emitter.builder()),
      form_(form),
      panels_(*form.k_blocks->panels),
      a_reach_(kernel::reach(emitter.plan(), emitter.kernel(), kernel::Side::kA)),
      b_reach_(kernel::reach(emitter.plan(), emitter.kernel(), kernel::Side::kB)) {}

// Those that a part meets.
Part PanelCopier::places(const Reach& reach, const Parts& parts, Value* outer) {
  Value *least = e_.index(reach.least), *most = e_.index(reach.most + 1);
  Value *first = e_.index(0), *last = e_.index(reach.all);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    least = b_.CreateAdd(least, e_.times(parts[i].first, reach.ks[i]));
    most = b_.CreateAdd(most, e_.times(b_.CreateSub(parts[i].last, e_.index(1)), reach.ks[i]));
  }
  if (reach.outer != 0) {
    first = e_.times(outer, reach.outer);
    last = b_.CreateAdd(first, e_.index(reach.outer));
    least = b_.CreateAdd(least, first);
    most = b_.CreateAdd(most, first);
  }
  return {b_.CreateSelect(b_.CreateICmpSLT(least, first), first, least),
          b_.CreateSelect(b_.CreateICmpSLT(most, last), most, last)};
}

Value* PanelCopier::first_row(Value* tile) {
  const kernel::Kernel& kernel = e_.kernel();
  const std::int64_t tiles = kernel::tiles_of_last_axis(kernel);
  const std::int64_t pieces = form_.positions ? form_.positions->pieces : 1;
  const std::int64_t rows = kernel::row_axes(kernel).back().extent / pieces, of_piece = tiles / pieces;
  if (pieces == 1) return e_.tile_begin(tile, rows, of_piece);
  Value* piece = b_.CreateUDiv(tile, e_.index(of_piece));
  return b_.CreateAdd(e_.times(piece, rows),
                      e_.tile_begin(b_.CreateURem(tile, e_.index(of_piece)), rows, of_piece));
}

std::int64_t PanelCopier::panel_bytes() const {
  return (panels_.a_places * form_.row_tile + kernel::kLanes) * 4;
}

void PanelCopier::copy_vector(Value* from, Value* to) { e_.store(e_.load(e_.vector_type(), from), to); }

// Whole vectors, of which the next place overwrites what is too much.
void PanelCopier::copy_a(const Parts& parts, Value* outer, Value* first, Value* last) {
  const Part all = places(a_reach_, parts, outer);
  first_tile_ = first;
  a_low_ = all.first;
  e_.loop(first, last, 1, true, [&](Value* tile) {
    Value* from = e_.advance(e_.base(form_.a), first_row(tile));
    Value* to = a(tile);
    // None where all that a part meets is beyond the border.
    e_.loop(all.first, all.last, 1, false, [&](Value* place) {
      copy_vector(e_.advance(from, place, panels_.a_place * 4), e_.advance(to, place, form_.row_tile * 4));
    });
  });
}

void PanelCopier::copy_b(const Parts& parts, Value* outer, Value* column_tile) {
  const std::int64_t blocks = kernel::blocks_of(e_.kernel().columns),
                     tiles = kernel::column_tiles(e_.kernel());
  const Part all = places(b_reach_, parts, outer);
  b_low_ = all.first;
  Value* block = e_.tile_begin(column_tile, blocks, tiles);
  e_.balanced(column_tile, blocks, tiles, [&](std::int64_t width) { copy_columns(all, block, width); });
}

void PanelCopier::copy_columns(Part places, Value* block, std::int64_t width) {
  Value* source = e_.advance(e_.base(form_.b), block, form_.b_block_stride * 4);
  e_.loop(places.first, places.last, 1, true, [&](Value* place) {
    Value* from = e_.advance(source, place, panels_.b_place * 4);
    Value* to = e_.advance(b(width), place, width * kernel::kLanes * 4);
    for (std::int64_t j = 0; j < width; ++j)
      copy_vector(e_.advance(from, j * kernel::kLanes * 4), e_.advance(to, j * kernel::kLanes * 4));
  });
}

Value* PanelCopier::a(Value* tile) const {
  Value* panel = e_.advance(e_.base(panels_.memory), b_.CreateSub(tile, first_tile_), panel_bytes());
  return e_.advance(panel, b_.CreateNeg(a_low_), form_.row_tile * 4);
}

Value* PanelCopier::b(std::int64_t width) const {
  Value* panel = e_.advance(e_.base(panels_.memory), panels_.b_offset * 4);
  return e_.advance(panel, b_.CreateNeg(b_low_), width * kernel::kLanes * 4);
}

}  // namespace netc::codegen
