"""The keys of the zoo's published models are their libraries' own, with their shapes.

Given here is what begins, what ends and what is particular in each `state_dict` of torchvision, timm,
Ultralytics, nerf-pytorch and pointnet.pytorch. RegNet's stages and Swin's buffers are otherwise in
torchvision; the specs say so.
"""

from __future__ import annotations

import pytest
from zoo_specs import SPECS

import archc
from archc.ir.program import weights

KEYS: dict[str, str] = {
    "images/densenet densenet121": """
        features.conv0.weight 64 3 7 7
        features.norm0.num_batches_tracked
        features.denseblock1.denselayer1.norm1.weight 64
        features.denseblock1.denselayer1.conv1.weight 128 64 1 1
        features.denseblock1.denselayer6.conv2.weight 32 128 3 3
        features.transition1.conv.weight 128 256 1 1
        features.denseblock4.denselayer16.norm1.running_var 992
        features.norm5.bias 1024
        classifier.weight 1000 1024
    """,
    "images/mobilenet_v3 mobilenet_v3_large": """
        features.0.0.weight 16 3 3 3
        features.1.block.0.0.weight 16 1 3 3
        features.1.block.1.0.weight 16 16 1 1
        features.4.block.2.fc1.weight 24 72 1 1
        features.4.block.2.fc2.bias 72
        features.4.block.3.1.running_mean 40
        features.16.0.weight 960 160 1 1
        classifier.0.weight 1280 960
        classifier.3.bias 1000
    """,
    "images/efficientnet efficientnet_b0": """
        features.0.0.weight 32 3 3 3
        features.1.0.block.0.0.weight 32 1 3 3
        features.1.0.block.1.fc1.weight 8 32 1 1
        features.1.0.block.2.0.weight 16 32 1 1
        features.2.0.block.0.0.weight 96 16 1 1
        features.7.0.block.3.1.bias 320
        features.8.1.weight 1280
        classifier.1.weight 1000 1280
    """,
    "images/convnext convnext_tiny": """
        features.0.0.weight 96 3 4 4
        features.0.1.weight 96
        features.1.0.layer_scale 96 1 1
        features.1.0.block.0.weight 96 1 7 7
        features.1.0.block.2.weight 96
        features.1.0.block.3.weight 384 96
        features.1.0.block.5.bias 96
        features.2.0.weight 96
        features.2.1.weight 192 96 2 2
        features.7.2.block.5.weight 768 3072
        classifier.0.bias 768
        classifier.2.weight 1000 768
    """,
    "images/squeezenet squeezenet1_1": """
        features.0.weight 64 3 3 3
        features.3.squeeze.weight 16 64 1 1
        features.3.expand1x1.weight 64 16 1 1
        features.3.expand3x3.bias 64
        features.6.squeeze.weight 32 128 1 1
        features.12.expand3x3.weight 256 64 3 3
        classifier.1.weight 1000 512 1 1
    """,
    "images/googlenet": """
        conv1.conv.weight 64 3 7 7
        conv1.bn.running_mean 64
        inception3a.branch1.conv.weight 64 192 1 1
        inception3a.branch2.1.conv.weight 128 96 3 3
        inception3a.branch3.1.bn.weight 32
        inception5b.branch4.1.conv.weight 128 832 1 1
        fc.weight 1000 1024
    """,
    "images/inception_v3 inception_v3_training": """
        Conv2d_1a_3x3.conv.weight 32 3 3 3
        Mixed_5b.branch5x5_2.conv.weight 64 48 5 5
        Mixed_6b.branch7x7_2.conv.weight 128 128 1 7
        Mixed_7a.branch7x7x3_4.bn.bias 192
        Mixed_7c.branch3x3dbl_3b.conv.weight 384 384 3 1
        AuxLogits.conv0.conv.weight 128 768 1 1
        AuxLogits.fc.bias 1000
        fc.weight 1000 2048
    """,
    "images/shufflenet_v2 shufflenet_v2_x1_0": """
        conv1.0.weight 24 3 3 3
        conv1.1.bias 24
        stage2.0.branch1.0.weight 24 1 3 3
        stage2.0.branch1.2.weight 58 24 1 1
        stage2.0.branch2.3.weight 58 1 3 3
        stage4.3.branch2.6.running_var 232
        conv5.0.weight 1024 464 1 1
        fc.bias 1000
    """,
    "images/mnasnet mnasnet1_0": """
        layers.0.weight 32 3 3 3
        layers.6.weight 16 32 1 1
        layers.8.0.layers.0.weight 48 16 1 1
        layers.8.0.layers.3.weight 48 1 3 3
        layers.13.0.layers.7.bias 320
        layers.14.weight 1280 320 1 1
        layers.15.running_mean 1280
        classifier.1.weight 1000 1280
    """,
    "images/resnet resnext50_32x4d": """
        conv1.weight 64 3 7 7
        layer1.0.conv2.weight 128 4 3 3
        layer1.0.downsample.0.weight 256 64 1 1
        layer4.2.bn3.running_var 2048
        fc.bias 1000
    """,
    "images/regnet regnet_y_400mf": """
        stem.0.weight 32 3 3 3
        trunk_output.block1.0.proj.0.weight 48 32 1 1
        trunk_output.block1.0.f.a.0.weight 48 32 1 1
        trunk_output.block1.0.f.b.0.weight 48 8 3 3
        trunk_output.block1.0.f.se.fc1.weight 8 48 1 1
        trunk_output.block4.5.f.c.1.weight 440
        fc.weight 1000 440
    """,
    "images/mlp_mixer mixer_b16": """
        stem.proj.weight 768 3 16 16
        blocks.0.norm1.weight 768
        blocks.0.mlp_tokens.fc1.weight 384 196
        blocks.11.mlp_channels.fc2.bias 768
        norm.weight 768
        head.bias 1000
    """,
    "images/fcn fcn_resnet50": """
        backbone.conv1.weight 64 3 7 7
        backbone.layer4.2.conv3.weight 2048 512 1 1
        classifier.0.weight 512 2048 3 3
        classifier.4.bias 21
        aux_classifier.0.weight 256 1024 3 3
        aux_classifier.4.weight 21 256 1 1
    """,
    "images/fcn deeplabv3_resnet50": """
        classifier.0.convs.0.0.weight 256 2048 1 1
        classifier.0.convs.1.0.weight 256 2048 3 3
        classifier.0.convs.4.1.weight 256 2048 1 1
        classifier.0.convs.4.2.running_mean 256
        classifier.0.project.0.weight 256 1280 1 1
        classifier.1.weight 256 256 3 3
        classifier.4.weight 21 256 1 1
    """,
    "detection/ssd300_vgg16": """
        backbone.scale_weight 512
        backbone.features.0.weight 64 3 3 3
        backbone.features.21.bias 512
        backbone.extra.0.1.weight 512 512 3 3
        backbone.extra.0.7.1.weight 1024 512 3 3
        backbone.extra.0.7.3.weight 1024 1024 1 1
        backbone.extra.4.2.weight 256 128 3 3
        head.classification_head.module_list.0.weight 364 512 3 3
        head.regression_head.module_list.5.bias 16
    """,
    "detection/retinanet": """
        backbone.body.conv1.weight 64 3 7 7
        backbone.body.bn1.running_var 64
        backbone.body.layer1.0.downsample.1.weight 256
        backbone.body.layer4.2.conv3.weight 2048 512 1 1
        backbone.fpn.inner_blocks.0.0.weight 256 512 1 1
        backbone.fpn.inner_blocks.2.0.bias 256
        backbone.fpn.layer_blocks.2.0.weight 256 256 3 3
        backbone.fpn.extra_blocks.p6.weight 256 256 3 3
        head.classification_head.conv.3.0.weight 256 256 3 3
        head.classification_head.cls_logits.bias 819
        head.regression_head.conv.0.0.bias 256
        head.regression_head.bbox_reg.weight 36 256 3 3
    """,
    "detection/detr": """
        backbone.0.body.layer1.0.bn1.running_mean 64
        input_proj.weight 256 2048 1 1
        query_embed.weight 100 256
        transformer.encoder.layers.0.self_attn.in_proj_weight 768 256
        transformer.encoder.layers.5.linear1.weight 2048 256
        transformer.encoder.layers.5.norm2.bias 256
        transformer.decoder.layers.0.multihead_attn.out_proj.weight 256 256
        transformer.decoder.layers.5.norm3.weight 256
        transformer.decoder.norm.weight 256
        class_embed.weight 92 256
        bbox_embed.layers.2.weight 4 256
    """,
    "transformers/clip clip_vit_b_32": """
        positional_embedding 77 512
        text_projection 512 512
        logit_scale
        visual.class_embedding 768
        visual.positional_embedding 50 768
        visual.proj 768 512
        visual.conv1.weight 768 3 32 32
        visual.ln_pre.weight 768
        visual.transformer.resblocks.0.attn.in_proj_weight 2304 768
        visual.transformer.resblocks.11.mlp.c_proj.bias 768
        transformer.resblocks.11.mlp.c_fc.weight 2048 512
        token_embedding.weight 49408 512
        ln_final.weight 512
    """,
    "transformers/whisper whisper_tiny": """
        encoder.positional_embedding 1500 384
        encoder.conv1.weight 384 80 3
        encoder.blocks.0.attn.query.bias 384
        encoder.blocks.3.mlp.2.weight 384 1536
        encoder.ln_post.weight 384
        decoder.token_embedding.weight 51865 384
        decoder.positional_embedding 448 384
        decoder.blocks.0.cross_attn.key.weight 384 384
        decoder.blocks.3.cross_attn_ln.bias 384
        decoder.ln.weight 384
    """,
    "transformers/pythia pythia_70m": """
        gpt_neox.embed_in.weight 50304 512
        gpt_neox.layers.0.attention.query_key_value.weight 1536 512
        gpt_neox.layers.0.mlp.dense_h_to_4h.weight 2048 512
        gpt_neox.layers.5.mlp.dense_4h_to_h.bias 512
        gpt_neox.layers.5.post_attention_layernorm.weight 512
        gpt_neox.final_layer_norm.bias 512
        embed_out.weight 50304 512
    """,
    "transformers/decoder qwen2_0_5b": """
        model.embed_tokens.weight 151936 896
        model.layers.0.self_attn.q_proj.bias 896
        model.layers.0.self_attn.k_proj.weight 128 896
        model.layers.23.mlp.down_proj.weight 896 4864
        model.layers.23.post_attention_layernorm.weight 896
        model.norm.weight 896
    """,
    "transformers/decoder gemma2_2b": """
        model.layers.25.self_attn.o_proj.weight 2304 2048
        model.layers.25.pre_feedforward_layernorm.weight 2304
        model.layers.25.post_feedforward_layernorm.weight 2304
    """,
    "transformers/decoder qwen3_0_6b": """
        model.layers.0.self_attn.q_norm.weight 128
        model.layers.0.self_attn.k_norm.weight 128
    """,
    "images/convnext_v2 convnextv2_atto": """
        downsample_layers.0.0.weight 40 3 4 4
        downsample_layers.0.1.bias 40
        downsample_layers.1.0.weight 40
        downsample_layers.3.1.weight 320 160 2 2
        stages.0.0.dwconv.weight 40 1 7 7
        stages.2.5.grn.gamma 1 1 1 640
        stages.3.1.pwconv2.bias 320
        norm.weight 320
        head.bias 1000
    """,
    "images/dinov2 dinov2_vits14_reg": """
        cls_token 1 1 384
        pos_embed 1 1370 384
        register_tokens 1 4 384
        mask_token 1 384
        patch_embed.proj.weight 384 3 14 14
        blocks.0.attn.qkv.weight 1152 384
        blocks.11.ls2.gamma 384
        blocks.11.mlp.fc2.bias 384
        norm.weight 384
    """,
    "images/segformer segformer_b0": """
        segformer.encoder.patch_embeddings.0.proj.weight 32 3 7 7
        segformer.encoder.patch_embeddings.3.layer_norm.bias 256
        segformer.encoder.block.0.0.attention.self.sr.weight 32 32 8 8
        segformer.encoder.block.0.0.attention.self.layer_norm.weight 32
        segformer.encoder.block.3.1.attention.output.dense.weight 256 256
        segformer.encoder.block.3.1.mlp.dwconv.dwconv.weight 1024 1 3 3
        segformer.encoder.layer_norm.3.weight 256
        decode_head.linear_c.0.proj.weight 256 32
        decode_head.linear_fuse.weight 256 1024 1 1
        decode_head.batch_norm.running_var 256
        decode_head.classifier.bias 150
    """,
    "sequences/mamba mamba_130m": """
        backbone.embeddings.weight 50280 768
        backbone.layers.0.norm.weight 768
        backbone.layers.0.mixer.in_proj.weight 3072 768
        backbone.layers.0.mixer.conv1d.weight 1536 1 4
        backbone.layers.0.mixer.x_proj.weight 80 1536
        backbone.layers.0.mixer.dt_proj.bias 1536
        backbone.layers.23.mixer.A_log 1536 16
        backbone.layers.23.mixer.D 1536
        backbone.norm_f.weight 768
        lm_head.weight 50280 768
    """,
    "transformers/albert albert_base": """
        embeddings.word_embeddings.weight 30000 128
        embeddings.position_embeddings.weight 512 128
        embeddings.LayerNorm.weight 128
        encoder.embedding_hidden_mapping_in.weight 768 128
        encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight 768 768
        encoder.albert_layer_groups.0.albert_layers.0.attention.LayerNorm.bias 768
        encoder.albert_layer_groups.0.albert_layers.0.ffn_output.weight 768 3072
        encoder.albert_layer_groups.0.albert_layers.0.full_layer_layer_norm.weight 768
        pooler.weight 768 768
    """,
    "images/efficientnet_v2 efficientnet_v2_s": """
        features.0.0.weight 24 3 3 3
        features.1.0.block.0.0.weight 24 24 3 3
        features.2.0.block.0.0.weight 96 24 3 3
        features.2.0.block.1.1.weight 48
        features.4.0.block.1.0.weight 256 1 3 3
        features.4.0.block.2.fc1.weight 16 256 1 1
        features.6.14.block.3.0.weight 256 1536 1 1
        features.7.0.weight 1280 256 1 1
        classifier.1.weight 1000 1280
    """,
    "detection/yolov8 yolov8n": """
        model.0.conv.weight 16 3 3 3
        model.0.bn.running_mean 16
        model.2.cv1.conv.weight 32 32 1 1
        model.2.m.0.cv1.conv.weight 16 16 3 3
        model.9.cv2.conv.weight 256 512 1 1
        model.22.cv2.0.0.conv.weight 64 64 3 3
        model.22.cv2.2.2.bias 64
        model.22.cv3.0.2.weight 80 80 1 1
    """,
    "transformers/swin swin_t": """
        features.0.0.weight 96 3 4 4
        features.0.2.bias 96
        features.1.0.norm1.weight 96
        features.1.0.attn.relative_position_bias_table 169 3
        features.1.0.attn.relative_position_index 2401
        features.1.0.attn.qkv.weight 288 96
        features.1.0.attn.proj.bias 96
        features.1.0.mlp.0.weight 384 96
        features.1.0.mlp.3.bias 96
        features.2.reduction.weight 192 384
        features.2.norm.weight 384
        norm.weight 768
        head.bias 1000
    """,
    "video/r3d r2plus1d_18": """
        stem.0.weight 45 3 1 7 7
        stem.3.weight 64 45 3 1 1
        layer1.0.conv1.0.0.weight 144 64 1 3 3
        layer1.0.conv1.0.3.weight 64 144 3 1 1
        layer2.0.downsample.0.weight 128 64 1 1 1
        layer4.1.conv2.1.bias 512
        fc.weight 400 512
    """,
    "geometry/nerf": """
        pts_linears.0.weight 256 63
        pts_linears.5.weight 256 319
        pts_linears.7.bias 256
        views_linears.0.weight 128 283
        feature_linear.weight 256 256
        alpha_linear.weight 1 256
        rgb_linear.bias 3
    """,
    "geometry/pointnet": """
        feat.stn.conv1.weight 64 3 1
        feat.stn.fc3.weight 9 256
        feat.stn.bn5.running_var 256
        feat.conv3.bias 1024
        feat.fstn.fc3.bias 4096
        fc1.weight 512 1024
        bn2.weight 256
        fc3.weight 40 256
    """,
}


@pytest.mark.parametrize("model", KEYS)
def test_keys(model: str) -> None:
    spec, _, variant = model.partition(" ")
    program = archc.compile(SPECS / f"{spec}.yaml", variant=variant or None).program
    [found] = program.models
    shapes = {key: tuple(map(int, param.shape)) for key, param in weights(found.module)}
    for line in KEYS[model].split("\n"):
        key, *shape = line.split() or [""]
        if key:
            assert shapes.get(key) == tuple(map(int, shape)), key
