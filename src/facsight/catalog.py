"""Everything facsight can do, by name. Nothing is imported until it is asked for.

To add a paper: write its file, add its line here, add its test.
"""

from importlib import import_module
from typing import Any

from facsight.core.errors import UnknownName, did_you_mean
from facsight.explain import EXPLAINERS

METHODS = {
    "supervised": "facsight.methods.supervised:Supervised",
    "masked_autoencoder": "facsight.methods.pretraining.masked_autoencoder:MaskedAutoencoder",
    "action_units": "facsight.methods.guided.action_units:ActionUnitGuidance",
    "unit_guidance": "facsight.methods.guided.unit_maps:UnitGuidance",
    "acol": "facsight.methods.localising.acol:ComplementaryLearning",
    "adl": "facsight.methods.localising.adl:AttentionDropout",
    "cutmix": "facsight.methods.localising.cutmix:CutMix",
}

SEQUENCE_METHODS = {
    "supervised_sequences": "facsight.methods.sequences:SupervisedSequences",
    "uncertainty_weights": "facsight.methods.multitask.uncertainty:UncertaintyWeights",
    "gradient_norm": "facsight.methods.multitask.gradient_norm:GradientNorm",
    "temporal_stochastic_softmax": (
        "facsight.methods.clips.temporal_stochastic_softmax:TemporalStochasticSoftmax"
    ),
    "masked_clips": "facsight.methods.pretraining.masked_clips:MaskedClips",
    "logit_distillation": "facsight.methods.distillation.logits:LogitDistillation",
    "feature_distillation": "facsight.methods.distillation.features:FeatureDistillation",
    "similarity_distillation": "facsight.methods.distillation.similarity:SimilarityDistillation",
    "optimal_transport": "facsight.methods.distillation.optimal_transport:OptimalTransportDistillation",
    "teacher_alignment": "facsight.methods.distillation.multi_teacher:TeacherAlignment",
    "multi_teacher": "facsight.methods.distillation.multi_teacher:MultiTeacherDistillation",
}

#: Labelled people.
PEOPLE = {
    "simulated_people": "facsight.data.simulated.people_loading:load_simulated_people",
    "people_file": "facsight.data.people_file:load_people_file",
    "people_table": "facsight.data.people_table:load_people_table",
}

#: Networks cut in two, between which a person's style can be taken off.
SPLIT_NETWORKS = {
    "split_perceptron": "facsight.nn.split_perceptron:split_perceptron",
    "split_resnet": "facsight.nn.split_resnet:split_resnet",
}

#: What a network is trained by on source people, before it is adapted to one.
SOURCE_STAGES = {
    "supervised_people": "facsight.methods.adaptation.supervised_people:SupervisedPeople",
    "subject_sources": "facsight.methods.adaptation.subject_based:SubjectSources",
    "identity_sources": "facsight.methods.adaptation.identity_adversarial:IdentitySources",
    "matching_sources": "facsight.methods.adaptation.identity_matching:MatchingSources",
    "translation_sources": "facsight.methods.adaptation.personalized_feature_translation:TranslationSources",
    "disentangled_sources": "facsight.methods.adaptation.disentangled:DisentangledSources",
}

#: Ways to adapt a trained network to one person.
ADAPTATION = {
    "personalized_feature_translation": (
        "facsight.methods.adaptation.personalized_feature_translation:PersonalizedTranslation"
    ),
    "disentangled": "facsight.methods.adaptation.disentangled:Disentangled",
    "person_normalisation": "facsight.methods.adaptation.normalisation:PersonNormalisation",
    "batch_statistics": "facsight.methods.adaptation.batch_statistics:BatchStatistics",
    "neutral_subtraction": "facsight.methods.adaptation.neutral_subtraction:NeutralSubtraction",
    "neutral_shift": "facsight.methods.adaptation.neutral_shift:NeutralShift",
    "nearest_neutral": "facsight.methods.adaptation.nearest_neutral:NearestNeutral",
    "entropy": "facsight.methods.adaptation.entropy:EntropyMinimisation",
    "mmd": "facsight.methods.adaptation.mmd:DiscrepancyAlignment",
    "coral": "facsight.methods.adaptation.coral:CorrelationAlignment",
    "domain_adversarial": "facsight.methods.adaptation.adversarial:DomainAdversarial",
    "subject_based": "facsight.methods.adaptation.subject_based:SubjectBased",
    "progressive_subject_based": (
        "facsight.methods.adaptation.progressive_subject_based:ProgressiveSubjectBased"
    ),
    "identity_adversarial": "facsight.methods.adaptation.identity_adversarial:IdentityAdversarial",
    "identity_matching": "facsight.methods.adaptation.identity_matching:IdentityMatching",
    "information_maximisation": (
        "facsight.methods.adaptation.information_maximisation:InformationMaximisation"
    ),
    "cluster_pseudo_labels": "facsight.methods.adaptation.cluster_pseudo_labels:ClusterPseudoLabels",
}

#: What sees labels of the target: bounds that methods are held against, never methods.
BOUNDS = {
    "fine_tuning": "facsight.methods.adaptation.fine_tuning:FineTuning",
    "few_labels": "facsight.methods.adaptation.few_labels:FewLabels",
}

#: Ways of training that learn action units themselves, faces whose units are coded, and what decides on them.
UNIT_METHODS = {
    "unit_detection": "facsight.methods.action_units.detection:UnitDetection",
    "weak_units": "facsight.methods.action_units.weak_units:WeakUnits",
    "identity_adversarial_units": (
        "facsight.methods.action_units.identity_adversarial_units:IdentityAdversarialUnits"
    ),
}

UNIT_DATASETS = {
    "drawn_units": "facsight.data.drawn:load_drawn_units",
    "abaw1_au": "facsight.data.coded_faces:abaw1_au",
    "affwild2_au": "facsight.data.coded_faces:affwild2_au",
    "bp4d": "facsight.data.coded_faces:bp4d",
    "emotionet": "facsight.data.coded_faces:emotionet",
    "rafau": "facsight.data.coded_faces:rafau",
}

UNIT_HEADS = {
    "unit_attention": "facsight.nn.heads.unit_attention:UnitAttention",
    "relation_graph": "facsight.nn.heads.relation_graph:RelationGraph",
}

LOSSES = {
    "units": "facsight.losses.units:unit_cross_entropy",
    "without_identity": "facsight.losses.identity_matching:without_identity",
    "style": "facsight.losses.style:style_loss",
    "concordance": "facsight.losses.concordance:concordance_loss",
    "label_spaces": "facsight.losses.label_spaces:label_terms",
}

RECORDINGS = {
    "prepared": "facsight.data.prepared:load_prepared",
    "several": "facsight.data.joining:load_several",
    "simulated": "facsight.data.simulated:load_simulated",
    "simulated_tasks": "facsight.data.simulated:load_tasks",
    "drawn_clips": "facsight.data.drawn:load_drawn_clips",
    "drawn_courses": "facsight.data.drawn:load_drawn_courses",
    "texts": "facsight.data.texts:load_texts",
}

ENCODERS = {
    "linear": "facsight.nn.encoders.linear:LinearEncoder",
    "perceptron": "facsight.nn.encoders.perceptron:Perceptron",
    "from_rest": "facsight.nn.encoders.from_rest:FromRest",
    "log_mel_cnn": "facsight.nn.encoders.log_mel_cnn:LogMelCNN",
    "vggish": "facsight.nn.encoders.vggish:VGGish",
    "physiology": "facsight.nn.encoders.physiology:PhysiologyCNN",
    "inflated": "facsight.nn.encoders.inflated:InflatedBackbone",
    "factored_transformer": "facsight.nn.encoders.factored_transformer:FactoredTransformer",
    "r2plus1d": "facsight.nn.encoders.r2plus1d:R2Plus1D",
    "face_backbone": "facsight.nn.encoders.face_backbone:FaceBackbone",
    "transformers_audio": "facsight.nn.encoders.transformers_audio:TransformersAudio",
    "low_rank_text": "facsight.nn.encoders.low_rank_text:LowRankText",
    "transformers_text": "facsight.nn.encoders.transformers_text:TransformersText",
}

TEMPORAL = {
    "tcn": "facsight.nn.temporal.tcn:TemporalConvolution",
    "lstm": "facsight.nn.temporal.lstm:LongShortTermMemory",
    "temporal_convergence": "facsight.nn.temporal.temporal_convergence:TemporalConvergence",
    "time_transformer": "facsight.nn.temporal.time_transformer:TimeTransformer",
}

DATASETS = {
    "drawn": "facsight.data.drawn:load_drawn",
    "abaw1_expr": "facsight.data.photos:abaw1_expr",
    "affectnet": "facsight.data.photos:affectnet",
    "affwild2_expr": "facsight.data.photos:affwild2_expr",
    "affwild2_lsd": "facsight.data.photos:affwild2_lsd",
    "affwild2_mtl": "facsight.data.photos:affwild2_mtl",
    "expw": "facsight.data.photos:expw",
    "fer2013": "facsight.data.photos:fer2013",
    "ferplus": "facsight.data.photos:ferplus",
    "findingemo": "facsight.data.photos:findingemo",
    "folder": "facsight.data.photos:folder",
    "london": "facsight.data.photos:london",
    "manifest": "facsight.data.photos:manifest",
    "rafce": "facsight.data.photos:rafce",
    "rafdb": "facsight.data.photos:rafdb",
    "rafdb_compound": "facsight.data.photos:rafdb_compound",
    "sfew": "facsight.data.photos:sfew",
}

BACKBONES = {
    "small_resnet": "facsight.nn.small_resnet:SmallResNet",
    "small_deit": "facsight.nn.small_deit:SmallDeiT",
    "plain_vit": "facsight.nn.plain_vit:PlainViT",
    "transformers": "facsight.nn.auto_backbone:TransformersBackbone",
}

HEADS = {
    "gap": "facsight.nn.heads.gap:AveragePooling",
    "wildcat": "facsight.nn.heads.wildcat:Wildcat",
    "peak_response": "facsight.nn.heads.peak_response:PeakStimulation",
    "ts_cam": "facsight.nn.heads.ts_cam:TokenSemantics",
    "two_branches": "facsight.nn.heads.two_branches:TwoBranches",
    "per_unit": "facsight.nn.heads.per_unit:UnitMaps",
}

FUSION = {
    "concatenation": "facsight.fusion.concatenation:Concatenation",
    "discord": "facsight.fusion.discord:DiscordFusion",
    "late": "facsight.fusion.late:LateFusion",
    "gated": "facsight.fusion.gated:GatedFusion",
    "transformer": "facsight.fusion.transformer:TokenTransformer",
    "leader_follower": "facsight.fusion.leader_follower:LeaderFollower",
    "channel_attention": "facsight.fusion.channel_attention:ChannelAttention",
    "cross_attention": "facsight.fusion.cross_attention:CrossAttention",
    "joint_cross_attention": "facsight.fusion.joint_cross_attention:JointCrossAttention",
    "recursive_joint_cross_attention": "facsight.fusion.recursive_joint_cross_attention:RecursiveAttention",
    "co_attention": "facsight.fusion.co_attention:CoAttention",
    "joint_multimodal_transformer": "facsight.fusion.joint_multimodal_transformer:JointMultimodalTransformer",
}

FINDERS = {
    "mediapipe": "facsight.faces.mediapipe_mesh:mediapipe_mesh_finder",
    "mediapipe_task": "facsight.faces.mediapipe_task:mediapipe_task_finder",
    "yunet": "facsight.faces.yunet:yunet_finder",
}

#: What `facsight prepare --features` makes of recordings.
FEATURES = {
    "face:facsight": "facsight.preparation.face_features:ReaderFeatures",
    "face:crop": "facsight.preparation.face_features:FaceCrops",
    "face:flow": "facsight.preparation.flow_features:FaceFlow",
    "face:landmarks": "facsight.preparation.point_features:Landmarks",
    "face:pose": "facsight.preparation.point_features:Pose",
    "face:blendshapes": "facsight.preparation.point_features:Blendshapes",
    "audio:logmel": "facsight.preparation.sound_features:LogMel",
    "audio:prosody": "facsight.preparation.sound_features:Prosody",
    "audio:voice": "facsight.preparation.sound_features:Voice",
    "audio:wav2vec2": "facsight.preparation.sound_features:AudioEncoder",
    "physiology:raw": "facsight.preparation.signal_features:RawSignals",
}

SHELVES = {
    "methods": METHODS,
    "sequence_methods": SEQUENCE_METHODS,
    "people": PEOPLE,
    "split_networks": SPLIT_NETWORKS,
    "source_stages": SOURCE_STAGES,
    "adaptation": ADAPTATION,
    "bounds": BOUNDS,
    "unit_methods": UNIT_METHODS,
    "unit_datasets": UNIT_DATASETS,
    "unit_heads": UNIT_HEADS,
    "losses": LOSSES,
    "recordings": RECORDINGS,
    "fusion": FUSION,
    "encoders": ENCODERS,
    "temporal": TEMPORAL,
    "datasets": DATASETS,
    "backbones": BACKBONES,
    "heads": HEADS,
    "explainers": EXPLAINERS,
    "finders": FINDERS,
    "features": FEATURES,
}


def load(shelf: str, name: str) -> Any:
    """The class or function behind a name; `UnknownName` tells the nearest known one.

    >>> load("methods", "supervised").__name__
    'Supervised'
    """
    if shelf not in SHELVES:
        raise UnknownName(f"there is no shelf {shelf!r}: {did_you_mean(shelf, SHELVES)}")
    if name not in SHELVES[shelf]:
        raise UnknownName(f"{shelf} has no {name!r}: {did_you_mean(name, SHELVES[shelf])}")
    module, attribute = SHELVES[shelf][name].split(":")
    return getattr(import_module(module), attribute)


def shelf_of(name: str) -> str:
    """The shelf on which a name stands."""
    for shelf, entries in SHELVES.items():
        if name in entries:
            return shelf
    raise UnknownName(
        f"{name!r} is not in the catalogue: {did_you_mean(name, [n for s in SHELVES.values() for n in s])}"
    )
