#pragma once
// Code for each form of kernel.

#include "compiler/codegen/emitter.h"

namespace netc::codegen {

void emit_contract(Emitter& emitter, const kernel::ContractKernel& form);
void emit_rows(Emitter& emitter);
void emit_columns(Emitter& emitter, const kernel::ColumnsKernel& form);
void emit_random(Emitter& emitter, const kernel::RandomKernel& form);
void emit_relayout(Emitter& emitter, const kernel::RelayoutKernel& form);
void emit_nonzero(Emitter& emitter, const kernel::NonzeroKernel& form);
void emit_uniforms(Emitter& emitter, const kernel::UniformsKernel& form);

}  // namespace netc::codegen
